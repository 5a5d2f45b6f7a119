"""From a fresh clone to a Python that has everything: `.venv`, made, mended or not needed.

Standard library only, for it runs before anything is installed. It speaks on stderr, so that a
command's own stdout stays clean. A stamp in `.venv` tells how far it got: no stamp, it was being
made; "made", packages were being installed; a fingerprint and extras, it is whole.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from voicekit.errors import SetupError
from voicekit.setup.needs import unmet
from voicekit.setup.steps import explain, step

_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def checkout() -> Path | None:
    """The folder of the clone this code runs from; None when it is an installed copy."""
    root = Path(__file__).resolve().parent.parent.parent
    pyproject = root / "pyproject.toml"
    if not pyproject.is_file():
        return None
    name = tomllib.loads(pyproject.read_text("utf-8")).get("project", {}).get("name")
    return root if name == "voicekit" else None


def needed_checkout(command: str) -> Path:
    """The folder of the clone.

    Raises:
        SetupError: voicekit runs from an installed copy, which has no notebooks and no tests.
    """
    root = checkout()
    if root is None:
        raise SetupError(
            f"`{command}` works on voicekit's repository, and this is an installed copy. "
            "Clone the repository, change into its folder and run the command there."
        )
    return root


def ready_python(root: Path, extras: Sequence[str]) -> Path:
    """A Python that has voicekit and the `extras`: the running one if it can, or `.venv`'s.

    Raises:
        SetupError: `.venv` could not be made; the message says why and what to do.
    """
    venv = root / ".venv"
    inside = Path(sys.prefix).resolve() == venv.resolve()
    if not inside and not unmet(root, extras):
        return Path(sys.executable)
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    try:
        found = _version_of(python)
        if found == _VERSION and is_stamped(root, extras):
            return python
        _drop_half_installed(venv)
        if found != _VERSION or not _stamp_file(root).exists():
            _make(venv, afresh=found != _VERSION)
        _stamp_file(root).write_text("made\n", "utf-8")
        _install(root, python, extras)
        _stamp_file(root).write_text(_stamp(root, extras), "utf-8")
    except OSError as error:
        raise SetupError(explain("Setting up .venv", [str(error)])) from error
    return python


def become(command: list[str]) -> int:
    """Run `command` in place of this process. Only on Windows does it return: the exit code."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606 - no shell is what we want
    with subprocess.Popen(command) as process:  # noqa: S603 - our own arguments
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # the console sent it to the child as well, whose answer counts


def is_stamped(root: Path, extras: Sequence[str]) -> bool:
    """Whether `.venv` was finished for this pyproject, this Python, this folder, these extras."""
    try:
        fingerprint, *installed = _stamp_file(root).read_text("utf-8").split()
    except (OSError, ValueError):
        return False
    return fingerprint == _fingerprint(root) and set(extras) <= set(installed)


def _stamp(root: Path, extras: Sequence[str]) -> str:
    return " ".join([_fingerprint(root), *sorted(extras)]) + "\n"


def _stamp_file(root: Path) -> Path:
    return root / ".venv" / "voicekit-stamp"


def _fingerprint(root: Path) -> str:
    sources = [root / "pyproject.toml", root / "constraints.txt"]
    digest = hashlib.sha256(f"{_VERSION} {root.resolve()}".encode())  # moved: install again
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _version_of(python: Path) -> str | None:
    """The `X.Y` that this environment's Python says it is; None when missing or broken."""
    if not python.exists():
        return None
    ask = "import sys; print('%d.%d' % sys.version_info[:2], sys.prefix != sys.base_prefix)"
    try:
        answer = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [str(python), "-I", "-c", ask], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version, _, in_environment = answer.stdout.strip().partition(" ")
    return version if in_environment == "True" else None


def _make(venv: Path, *, afresh: bool) -> None:
    """Make the environment, or mend one in place; `afresh` empties the folder first."""
    uv = shutil.which("uv")
    doing = ("Rebuilding" if afresh else "Mending") if venv.exists() else "Making"
    title = f"{doing} .venv with Python {_VERSION}"
    if uv is not None:
        # --seed: a lesson's reader may type `%pip install`.
        keep = "--clear" if afresh else "--allow-existing"
        step(title, [uv, "venv", keep, "--seed", "--python", sys.executable, str(venv)])
        return
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise SetupError(
                f"This Python has no `{module}` module, so it cannot make .venv. On Debian or "
                "Ubuntu: sudo apt-get install python3-venv. Elsewhere, install uv or a Python "
                "from python.org. Then run the same command again."
            )
    step(title, [sys.executable, "-m", "venv", *(["--clear"] if afresh else []), str(venv)])


def _drop_half_installed(venv: Path) -> None:
    """Forget packages whose installation was cut short, so that they are installed again.

    An installer lists the package as present before all of it is there, and writes RECORD last.
    """
    for info in venv.glob("**/site-packages/*.dist-info"):
        if not (info / "RECORD").exists():
            shutil.rmtree(info)


def _install(root: Path, python: Path, extras: Sequence[str]) -> None:
    uv = shutil.which("uv")
    installer = (
        [uv, "pip", "install", "--python", str(python)]
        if uv is not None
        # --no-compile: what is used compiles itself on first use; the rest need not be.
        else [str(python), "-m", "pip", "install", "--no-compile", "--no-input"]
    )
    what = ["-c", "constraints.txt", "-e", f".[{','.join(sorted(extras))}]"]
    title = f"Installing voicekit and what it needs with {'uv' if uv else 'pip'}"
    step(title, [*installer, *what], folder=root)
