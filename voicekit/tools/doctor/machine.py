"""What can be known without a vendor and without a page."""

from __future__ import annotations

import platform
import sys
from typing import Any

from voicekit.errors import KeyMissingError
from voicekit.tools.doctor.report import WRONG, Report, Row, row
from voicekit.tools.setup import bootstrap, pythons
from voicekit.tools.setup.needs import unmet
from voicekit.world import is_offline
from voicekit.world.keys import find_key

_LOWEST, _HIGHEST = (3, 11), (3, 14)
_KEYS = {"elevenlabs": "ELEVENLABS_API_KEY", "openai": "OPENAI_API_KEY"}


def python(version: tuple[int, int] | None = None) -> Row:
    """Whether this Python is one that voicekit runs on, and that hears offline."""
    bounds = {"low": "3.11", "high": "3.14"}
    here = version or sys.version_info[:2]
    if not _LOWEST <= here <= _HIGHEST:
        return row("python", "other", platform.python_version(), **bounds)
    named = f"{here[0]}.{here[1]}"
    if pythons.can_hear(bootstrap.checkout(), version=named):
        return row("python", "ok", f"{platform.python_version()}, can hear offline", **bounds)
    able = pythons.hearing(bootstrap.checkout())
    others = " or ".join(reversed(able))
    return row("python", "deaf", platform.python_version(), this=named, others=others, one=able[0])


def packages(extras: tuple[str, ...] = ("offline",)) -> Row:
    """Whether everything that pyproject.toml asks for is installed."""
    lacking = unmet(bootstrap.checkout(), extras)
    names = ", ".join("voicekit itself" if need.startswith("-e ") else need for need in lacking)
    return row("packages", "lacking", needs=names) if lacking else row("packages", "ok")


def front_end() -> Row:
    """What shows the notebook, as far as the kernel can know; the page itself is `room.page`."""
    return row("front_end", _front_end())


def keys() -> Report:
    """Which keys there are and where they were found; never the keys."""
    return Report(*(_key(vendor, variable) for vendor, variable in _KEYS.items()))


def _key(vendor: str, variable: str) -> Row:
    if is_offline():
        return row(vendor, "unused")
    try:
        secret = find_key(variable)
    except KeyMissingError as error:  # there is one, and it cannot be a key
        told = row(vendor, "malformed", variable=variable)
        return Row(told.check, WRONG, str(error), told.fix)
    if secret is None:
        return row(vendor, "none", variable=variable)
    return row(vendor, "found", variable=variable, source=secret.source)


def _front_end() -> str:
    if sys.platform == "emscripten":
        return "lite"
    if "google.colab" in sys.modules:
        return "colab"
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if getattr(shell, "kernel", None) is None:
        return "terminal"
    # VS Code's extension tells each kernel which notebook it belongs to.
    return "vscode" if "__vsc_ipynb_file__" in getattr(shell, "user_ns", ()) else "jupyter"
