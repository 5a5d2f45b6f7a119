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
from voicekit.tools.setup import needs, pythons
from voicekit.tools.setup.steps import Installing, explain, say, step

_FETCHED = {"offline": 125, "test": 155}
"""MB that set-up fetches for a command that needs this extra: measured on Linux, Python 3.11."""
_INSTALLED = {"offline": 400, "test": 710}
"""MB that `.venv` takes up afterwards, measured likewise."""


def checkout() -> Path | None:
    """The folder of the clone this code runs from; None when it is an installed copy."""
    root = Path(__file__).resolve().parents[3]
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
    if not inside and not needs.unmet(root, extras):
        return Path(sys.executable)
    python = _python(root)
    try:
        found = _version_of(python)
        if _serves(root, found) and is_stamped(root, found, extras):
            return python
        base = pythons.best(root)
        _announce(root, base, extras)
        _drop_half_installed(venv)
        if found != base.version or not _stamp_file(root).exists():
            _make(venv, base, afresh=found != base.version)
        _stamp_file(root).write_text("made\n", "utf-8")
        _install(root, python, base.version, extras)
        _stamp_file(root).write_text(_stamp(root, base.version, extras), "utf-8")
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


def is_stamped(root: Path, version: str | None, extras: Sequence[str]) -> bool:
    """Whether `.venv` was finished for this pyproject, this Python, this folder, these extras."""
    try:
        fingerprint, *installed = _stamp_file(root).read_text("utf-8").split()
    except (OSError, ValueError):
        return False
    return fingerprint == _fingerprint(root, version) and set(extras) <= set(installed)


def _serves(root: Path, version: str | None) -> bool:
    """Whether an environment of this version does: the running one's, or one that hears instead."""
    if version is None or version == pythons.RUNNING.version:
        return version is not None
    return pythons.can_hear(root, version) and not pythons.can_hear(root)


def _stamp(root: Path, version: str, extras: Sequence[str]) -> str:
    return " ".join([_fingerprint(root, version), *sorted(extras)]) + "\n"


def _python(root: Path) -> Path:
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _stamp_file(root: Path) -> Path:
    return root / ".venv" / "voicekit-stamp"


def _fingerprint(root: Path, version: str | None) -> str:
    sources = [root / "pyproject.toml", *sorted((root / "requirements").glob("*.txt"))]
    digest = hashlib.sha256(f"{version} {root.resolve()}".encode())  # moved: install again
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _announce(root: Path, base: pythons.Python, extras: Sequence[str]) -> None:
    """Say before anything is installed what it takes, and what this Python cannot do.

    Raises:
        SetupError: the disk has too little room.
    """
    running = pythons.RUNNING.version
    others = " or ".join(reversed(pythons.hearing(root)))
    if base.version != running:
        say(f"Python {running} has no recogniser, so .venv gets Python {base.version}, which has.")
    elif not pythons.can_hear(root, running):
        say(
            f"Python {running} has no recogniser: offline, agents will not hear what is spoken; "
            f"all else works. For ears, install Python {others} and run this command with it."
        )
    if _stamp_file(root).exists() and base.version == _version_of(_python(root)):
        say("Bringing .venv up to date: what is there stays.")
        return
    fetched, installed = (max(sizes[extra] for extra in extras) for sizes in (_FETCHED, _INSTALLED))
    free = shutil.disk_usage(root).free / 1e6
    if free < installed:
        raise SetupError(
            f"Set-up takes about {installed} MB of disk, and {free:.0f} MB are free here. Make "
            "room, then run the same command again."
        )
    say(
        f"Setting up .venv once: {len(_pins(root, base.version, extras))} packages, about "
        f"{fetched} MB to fetch and {installed} MB of disk, some one or two minutes."
    )


def _pins(root: Path, version: str, extras: Sequence[str]) -> list[str]:
    """The locked requirements that are for this system and a Python of this version."""
    python = {"python_version": version, "python_full_version": f"{version}.99"}
    return [
        pin
        for extra in extras
        for line in _lock(root, extra).read_text("utf-8").splitlines()
        if line[:1].isalnum() and needs.applies(pin := line.removesuffix("\\").strip(), **python)
    ]


def _lock(root: Path, name: str) -> Path:
    return root / "requirements" / f"{name}.txt"


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


def _make(venv: Path, base: pythons.Python, *, afresh: bool) -> None:
    """Make the environment, or mend one in place; `afresh` empties the folder first."""
    uv = _uv()
    doing = ("Rebuilding" if afresh else "Mending") if venv.exists() else "Making"
    title = f"{doing} .venv with Python {base.version}"
    if uv is not None:
        # --seed: a lesson's reader may type `%pip install`.
        keep = "--clear" if afresh else "--allow-existing"
        step(title, [*uv, "venv", keep, "--seed", "--python", str(base.path), str(venv)])
        return
    for module in ("venv", "ensurepip") if base == pythons.RUNNING else ():
        if importlib.util.find_spec(module) is None:
            raise SetupError(
                f"This Python has no `{module}` module, so it cannot make .venv. On Debian or "
                "Ubuntu: sudo apt-get install python3-venv. Elsewhere, install uv or a Python "
                "from python.org. Then run the same command again."
            )
    step(title, [str(base.path), "-m", "venv", *(["--clear"] if afresh else []), str(venv)])


def _uv() -> list[str] | None:
    """The uv on PATH, if there is one; without its cache where that has no place to be."""
    uv = shutil.which("uv")
    if uv is None:
        return None
    named = os.environ.get("UV_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    place = Path(named) if named else Path.home() / ".cache"
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    return [uv] if os.access(place, os.W_OK) or os.name == "nt" else [uv, "--no-cache"]


def _drop_half_installed(venv: Path) -> None:
    """Forget packages whose installation was cut short, so that they are installed again.

    An installer lists the package as present before all of it is there, and writes RECORD last.
    """
    for info in venv.glob("**/site-packages/*.dist-info"):
        if not (info / "RECORD").exists():
            shutil.rmtree(info)


def _install(root: Path, python: Path, version: str, extras: Sequence[str]) -> None:
    """Install what the locks list, each file by its hash, then the clone itself, editable.

    What builds wheels is locked as well and comes first; nothing is fetched to build with.
    """
    uv = _uv()
    installer = (
        [*uv, "pip", "install", "--python", str(python)]
        if uv is not None
        # --no-compile: what is used compiles itself on first use; the rest need not be.
        else [str(python), "-m", "pip", "install", "--no-compile", "--no-input"]
    )
    installer.append("--no-build-isolation")
    locks = [word for extra in sorted(extras) for word in ("-r", f"requirements/{extra}.txt")]
    step(
        f"Installing voicekit and what it needs with {'uv' if uv else 'pip'}",
        [*installer, "--require-hashes", "-r", "requirements/build.txt"],
        [*installer, "--require-hashes", *locks],
        [*installer, "--no-deps", "-e", "."],
        folder=root,
        meter=Installing(
            root / ".venv",
            len(_pins(root, version, extras)),
            max(_FETCHED[extra] for extra in extras),
        ),
    )
