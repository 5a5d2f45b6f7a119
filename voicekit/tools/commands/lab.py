"""Open JupyterLab on the first lesson, in copies of your own; arguments go to `jupyter lab`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from voicekit.tools.setup import copies
from voicekit.tools.setup.bootstrap import become, needed_checkout
from voicekit.tools.setup.steps import say

# JupyterLab reads overrides.json from here: no pop-up that asks about news.
SETTINGS = Path(__file__).parent / "settings"
_HELP = """usage: python3 -m voicekit [lab] [arguments]

Opens JupyterLab on the first lesson. The lessons are copied to my-notebooks/, which git ignores:
what you change stays yours, and a lesson that you did not touch follows the clone. For a fresh
copy, delete or rename yours and run this again.

Arguments go to `jupyter lab`, such as --no-browser or --port 9000; --help-all lists them."""


def main(argv: list[str]) -> int:
    """Bring the copies up to date, then open JupyterLab in place of this process."""
    if argv in (["-h"], ["--help"]):
        print(_HELP)
        return 0
    root = needed_checkout("lab")
    folder = copies.FOLDER
    try:
        for sentence in copies.refresh(root):
            say(sentence)
    except OSError as error:
        folder = "notebooks"
        say(f"The lessons open as they are: they cannot be copied to {copies.FOLDER}/ ({error}).")
    _provide_home()
    return become([sys.executable, "-m", "jupyterlab", *lab_options(root, folder), *argv])


def lab_options(root: Path, folder: str = copies.FOLDER) -> list[str]:
    """JupyterLab's options for the clone at `root`: where to start, and what to leave out."""
    options = [
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{quote(first_page(root, folder))}",
        f"--LabApp.app_settings_dir={SETTINGS}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # a container's user; JupyterLab refuses root otherwise
    return options


def first_page(root: Path, folder: str = copies.FOLDER) -> str:
    """The first notebook's path in the clone, or that of the folder where they will be."""
    notebooks = sorted(path.name for path in (root / folder).glob("*.ipynb"))
    return f"{folder}/{notebooks[0]}" if notebooks else folder


def _provide_home() -> None:
    """Give Jupyter folders that can be written to, where the home folder cannot."""
    home = Path.home()
    if os.access(home, os.W_OK | os.X_OK):
        return
    place = tempfile.mkdtemp(prefix="voicekit-home-")
    say(f"Your home folder {home} cannot be written to; Jupyter's settings last until you leave.")
    for variable in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        os.environ.setdefault(variable, str(Path(place, variable.lower())))
