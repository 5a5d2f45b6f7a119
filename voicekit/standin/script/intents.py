"""The support desk's intents, read from `data/intents.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Intent:
    """One thing a customer may want, ways to say it, and what to answer."""

    name: str
    answer: str
    """May hold `{slot}` for the slot it needs, and `{last_reply}`."""
    phrasings: tuple[str, ...]
    needs: str | None = None
    ask: str = ""
    tools: tuple[str, ...] = ()
    """Patterns of the names of tools that do this."""


@cache
def intents() -> tuple[Intent, ...]:
    """Every intent, in the order of the file."""
    file = resources.files("voicekit.standin").joinpath("data/intents.toml")
    return tuple(
        Intent(
            name=entry["name"],
            answer=entry["answer"],
            phrasings=tuple(entry["phrasings"]),
            needs=entry.get("needs"),
            ask=entry.get("ask", ""),
            tools=tuple(entry.get("tools", ())),
        )
        for entry in tomllib.loads(file.read_text("utf-8"))["intent"]
    )
