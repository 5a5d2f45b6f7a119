"""What can be known without a vendor and without a page."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from voicekit.errors import KeyMissingError
from voicekit.tools.doctor.report import WRONG, Report, Row, row
from voicekit.tools.setup import bootstrap, copies, pythons
from voicekit.tools.setup.needs import unmet
from voicekit.world import is_offline
from voicekit.world.keys import find_key

_LOWEST, _HIGHEST = (3, 11), (3, 14)
_NOTICE = timedelta(days=120)
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


def models(today: date | None = None) -> Report:
    """Which notebooks of the user's own name a model that has ended, or will within 120 days.

    Looked at are the code cells in the current folder, and in the clone's folder of copies.

    Args:
        today: None is `VOICEKIT_TODAY`, else the clock's day.
    """
    today = today or date.fromisoformat(
        os.environ.get("VOICEKIT_TODAY") or date.today().isoformat()
    )
    rows = []
    for path in _own_notebooks():
        for name in sorted(set(re.findall(r"""["']([\w.-]+)["']""", _code(path)))):
            end = _shutdowns().get(name)
            if end is None or end["date"] > today + _NOTICE:
                continue
            gone = "gone" if end["date"] <= today else "ending"
            then = f"Write {end['successor']!r}" if "successor" in end else "Choose another model"
            rows.append(row("models", gone, file=path.name, id=name, day=end["date"], then=then))
    return Report(*rows) if rows else Report(row("models", "ok"))


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


def _own_notebooks() -> Iterator[Path]:
    clone = bootstrap.checkout()
    folders = {Path.cwd(), *([clone / copies.FOLDER] if clone else [])}
    for folder in sorted(folders):
        if clone is None or folder != clone / "notebooks":  # the kit's own are tested
            yield from sorted(folder.glob("*.ipynb"))


def _code(path: Path) -> str:
    """The source of a notebook's code cells; empty for what is no notebook."""
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@cache
def _shutdowns() -> dict[str, dict[str, Any]]:
    text = resources.files("voicekit").joinpath("timeline/models.toml").read_text("utf-8")
    return {name: one for one in tomllib.loads(text)["shutdown"] for name in one["ids"]}


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
