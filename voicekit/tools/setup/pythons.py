"""Which Pythons can hear, and where another one is: the recogniser has wheels for some only.

Standard library only, for it runs before anything is installed. pyproject.toml's markers say
which Pythons get a recogniser; nothing here repeats them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from voicekit.tools.setup import needs

_RECOGNISERS = ("pocketsphinx", "soundswallower")
_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_ASK = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"


class Python(NamedTuple):
    """An interpreter, and its version as `3.13`."""

    path: Path
    version: str


RUNNING = Python(Path(sys.executable), _VERSION)


def can_hear(root: Path | None, version: str = _VERSION) -> bool:
    """Whether the extra `offline` brings a recogniser for a Python of this version.

    Args:
        root: the clone, or None for an installed copy.
        version: as `3.13`; that of the running Python unless given.
    """
    return any(
        needs.name_of(need) in _RECOGNISERS
        and needs.applies(need, python_version=version, python_full_version=f"{version}.0")
        for need in needs.requirements(root, ["offline"])
    )


def hearing(root: Path | None) -> list[str]:
    """The versions that voicekit runs on and that can hear, the newest first."""
    supported = [f"3.{minor}" for minor in range(30, 0, -1)]
    wanted = _requires_python(root)
    return [
        one for one in supported if needs.in_bounds(one, wanted) and can_hear(root, version=one)
    ]


def best(root: Path) -> Python:
    """The running Python if it can hear, else the newest that can and is on PATH, else this one."""
    if can_hear(root):
        return RUNNING
    others = (_find(version) for version in hearing(root))
    return next((other for other in others if other is not None), RUNNING)


def _requires_python(root: Path | None) -> str:
    if root is None:
        return str(metadata.metadata("voicekit")["Requires-Python"])
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["requires-python"])


def _find(version: str) -> Python | None:
    """A Python of this version that starts and can make environments."""
    named = shutil.which(f"python{version}")
    command = [named] if named else []
    if not command and os.name == "nt" and (launcher := shutil.which("py")):
        command = [launcher, f"-{version}"]
    if not command:
        return None
    needed = "" if shutil.which("uv") else "import ensurepip, venv; "
    try:
        answer = subprocess.run(  # noqa: S603 - a name of our own, no shell
            [*command, "-I", "-c", f"{needed}{_ASK}"], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found, _, path = answer.stdout.strip().partition("\n")
    return Python(Path(path), version) if found == version else None
