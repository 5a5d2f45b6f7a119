"""What a check found: a code, figures, and the exchange that shows it. The words are data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from voicekit.timeline.marks import milliseconds
from voicekit.tools.probe.exchange import Exchange, shortened

_SAID = 200  # characters of a response in a finding
PASS, WARN, FAIL, SKIP = "pass", "warn", "FAIL", "skip"


@dataclass(frozen=True)
class Found:
    """A check's finding.

    Args:
        code: its entry under the check in `data/findings.toml`.
        exchange: the request and response that show it.
        figures: what the entry's text names; a float is a time in seconds.
    """

    code: str
    exchange: Exchange | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, code: str, exchange: Exchange | None = None, **figures: Any) -> Found:
        """A finding with its figures as keywords."""
        return cls(code, exchange, figures)


@dataclass(frozen=True)
class Entry:
    """What there is to say about a finding."""

    outcome: str
    says: str
    fix: str = ""


@cache
def _table() -> Mapping[str, Any]:
    file = resources.files("voicekit.tools.probe").joinpath("data/findings.toml")
    return tomllib.loads(file.read_text("utf-8"))


def entry(check: str, code: str) -> Entry:
    """The entry of a finding; those of `every check` are for all of them."""
    entries = _table()
    found = entries[check].get(code) or entries["every check"][code]
    return Entry(**{key: " ".join(value.split()) for key, value in found.items()})


def told(text: str, figures: Mapping[str, Any]) -> str:
    """The text of an entry with its figures in it."""
    words = {
        name: milliseconds(value) if isinstance(value, float) else value
        for name, value in figures.items()
    }
    return text.format_map(words)


def said(exchange: Exchange) -> str:
    """The beginning of a body, in one line."""
    text = exchange.foreign or shortened(exchange.body, _SAID)
    return " ".join(text.split()) or "nothing"


def failed(exchange: Exchange) -> Found:
    """Why there is no answer: findings that every check may have."""
    if exchange.status is None:
        return Found.of("no_response", exchange, why=exchange.fault)
    if not exchange.ok:
        return Found.of("refused", exchange, status=exchange.status, said=said(exchange))
    if exchange.stream.error is not None:
        return Found.of("error_event", exchange, said=exchange.stream.error[:_SAID])
    return Found.of("no_answer", exchange, why=exchange.fault or "the response is over")
