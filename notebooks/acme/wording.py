"""The desk's rules and sentences, read from `data/support.toml`, and figures as it says them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any


@cache
def rules() -> Mapping[str, Any]:
    """The whole file."""
    file = resources.files("acme").joinpath("data/support.toml")
    return tomllib.loads(file.read_text("utf-8"))


def say(name: str, /, **values: Any) -> str:
    """A sentence for the caller."""
    return str(rules()["say"][name]).format(**values)


def wrong(name: str, /, **values: Any) -> dict[str, str]:
    """A tool's result that says why it did nothing."""
    return {"error": str(rules()["wrong"][name]).format(**values)}


def dollars(cents: int) -> str:
    """An amount as written; reading it aloud is the voice's business."""
    return f"${cents / 100:,.2f}"


def day(iso: str) -> str:
    """A date as one says it, without its year."""
    found = date.fromisoformat(iso)
    return f"{found.day} {found:%B}"
