"""The lessons' lines, read from `data/script.toml`."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

_LONGEST = 2_000


def line(text: str) -> str | None:
    """What the script answers to this sentence, whatever its case and punctuation."""
    return _lines().get(_bare(text))


def fixed(name: str) -> str:
    """One of the script's own sentences: `opening`, `fallback` or `silent`."""
    return str(_table()[name])


def _bare(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text[:_LONGEST].lower()))


@cache
def _lines() -> dict[str, str]:
    return {_bare(entry["user"]): entry["answer"] for entry in _table()["line"]}


@cache
def _table() -> dict[str, Any]:
    file = resources.files("voicekit.standin").joinpath("data/script.toml")
    return tomllib.loads(file.read_text("utf-8"))
