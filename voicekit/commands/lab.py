"""Open JupyterLab on the first notebook; arguments go to `jupyter lab`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import quote

from voicekit.setup.bootstrap import become, needed_checkout

# JupyterLab reads overrides.json from here: no pop-up that asks about news.
_SETTINGS = Path(__file__).parent / "settings"


def main(argv: list[str]) -> int:
    """Open JupyterLab in place of this process."""
    root = needed_checkout("lab")
    return become([sys.executable, "-m", "jupyterlab", *lab_options(root), *argv])


def lab_options(root: Path) -> list[str]:
    """JupyterLab's options for the clone at `root`: where to start, and what to leave out."""
    options = [
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{quote(first_page(root))}",
        f"--LabApp.app_settings_dir={_SETTINGS}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # a container's user; JupyterLab refuses root otherwise
    return options


def first_page(root: Path) -> str:
    """The first notebook's path in the clone, or that of the folder where they will be."""
    notebooks = sorted(path.name for path in (root / "notebooks").glob("*.ipynb"))
    return f"notebooks/{notebooks[0]}" if notebooks else "notebooks"
