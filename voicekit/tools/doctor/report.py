"""A row for each check: what was found, and what to do about it."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from voicekit.timeline.tables import Table

OK, WRONG, SKIPPED = "ok", "wrong", "not checked"
_SHOWN = {OK: "✓ ok", WRONG: "✗ wrong", SKIPPED: "- not checked"}


@dataclass(frozen=True)
class Row:
    """One check's result.

    Attributes:
        check: its name.
        outcome: `ok`, `wrong` or `not checked`.
        found: what was seen.
        fix: what to do about it; empty when there is nothing to do.
        detail: what differs from machine to machine, such as a version; shown by `print`.
    """

    check: str
    outcome: str
    found: str
    fix: str = ""
    detail: str = ""

    @property
    def line(self) -> str:
        """The row by itself, and below it what to do: for a terminal, as soon as it is known."""
        found = f"{self.found} ({self.detail})" if self.detail else self.found
        told = f"{_SHOWN[self.outcome]:15}{self.check:22}{found}"
        return f"{told}\n{'':15}To do: {self.fix}" if self.fix else told


@cache
def _words() -> Mapping[str, Any]:
    file = resources.files("voicekit.tools.doctor").joinpath("data/words.toml")
    return tomllib.loads(file.read_text("utf-8"))


def row(check: str, code: str, detail: str = "", /, **figures: object) -> Row:
    """The row of a finding, with the words that `data/words.toml` has for it."""
    entry = _words()[check]
    texts = {key: " ".join(text.split()) for key, text in entry[code].items()}
    found, fix = (texts.get(key, "").format_map(figures) for key in ("found", "fix"))
    return Row(entry["name"], texts.get("outcome", WRONG), found, fix, detail)


class Report:
    """Rows of checks: a table, then what to do. `print` adds what differs between machines.

    True in a condition when nothing is wrong; what was not checked is no failure.

    Args:
        rows: rows, or reports to join.
    """

    def __init__(self, *rows: Row | Iterable[Row]) -> None:
        parts = ([part] if isinstance(part, Row) else part for part in rows)
        self.rows = tuple(one for part in parts for one in part)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __bool__(self) -> bool:
        return not self.wrong

    @property
    def wrong(self) -> list[str]:
        """The names of the checks that found something wrong."""
        return [one.check for one in self.rows if one.outcome == WRONG]

    def json(self) -> dict[str, Any]:
        """One object with everything, for programs."""
        return {"ok": bool(self), "rows": [vars(one) for one in self.rows]}

    @property
    def count(self) -> str:
        """How many rows are how: "7 ok, 1 not checked."."""
        counter = Counter(one.outcome for one in self.rows)
        return ", ".join(f"{counter[one]} {one}" for one in _SHOWN if counter[one]) + "."

    def _table(self, detailed: bool) -> Table:
        rows = [
            [
                one.check,
                _SHOWN[one.outcome],
                f"{one.found} ({one.detail})" if detailed and one.detail else one.found,
            ]
            for one in self.rows
        ]
        return Table(["check", "result", "what was found"], rows, "<<<", self.count)

    def _text(self, detailed: bool) -> str:
        fixes = [f"{one.check}: {one.fix}" for one in self.rows if one.fix]
        return "\n".join(
            [str(self._table(detailed)), *(["", "What to do", *fixes] if fixes else [])]
        )

    def __str__(self) -> str:
        return self._text(detailed=True)

    def __repr__(self) -> str:
        return self._text(detailed=False)

    def _repr_html_(self) -> str:
        fixes = [(one.check, one.fix) for one in self.rows if one.fix]
        items = "".join(f"<li><b>{escape(name)}</b>: {escape(fix)}</li>" for name, fix in fixes)
        todo = f"<p>What to do</p><ul>{items}</ul>" if items else ""
        return self._table(detailed=False)._repr_html_() + todo
