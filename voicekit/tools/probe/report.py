"""What the probe found, as a table, in words, and as one JSON object."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from voicekit.timeline.tables import Table
from voicekit.tools.probe.found import FAIL, PASS, SKIP, WARN

_CODE, _AS_CODE = re.compile(r"`([^`]*)`"), r"<code>\1</code>"


@dataclass(frozen=True)
class Row:
    """One check's result.

    Attributes:
        check: its name.
        outcome: `pass`, `warn`, `FAIL` or `skip`.
        says: what was seen.
        fix: what to do about it; empty when there is nothing to do.
        figures: what was measured; times in seconds.
        request: the request that shows it, as it was sent; the secret is masked.
        response: what came back, with the middle of a long body left out.
    """

    check: str
    outcome: str
    says: str
    fix: str
    figures: dict[str, Any] = field(default_factory=dict)
    request: str = field(default="", repr=False)
    response: str = field(default="", repr=False)

    def json(self) -> dict[str, Any]:
        """The row for `--json`; times in milliseconds."""
        figures = {
            f"{name}_ms" if isinstance(value, float) else name: (
                round(1000 * value, 1) if isinstance(value, float) else value
            )
            for name, value in self.figures.items()
        }
        exchange = {"request": self.request, "response": self.response}
        told = {"check": self.check, "outcome": self.outcome.lower(), "says": self.says}
        return {**told, "fix": self.fix, "figures": figures, **exchange}


class Report:
    """What the probe found: a table with a row for each check. Made by `probe`.

    True in a condition when no check failed and none was left out. `report["frames"]` is a row,
    with the request and the response that show its finding.
    """

    def __init__(self, url: str, rows: Sequence[Row]) -> None:
        self.url = url
        self.rows = tuple(rows)

    @property
    def ok(self) -> bool:
        """Whether every check was made and none failed; a warning is no failure."""
        return all(row.outcome in (PASS, WARN) for row in self.rows)

    def __bool__(self) -> bool:
        return self.ok

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, check: str) -> Row:
        for row in self.rows:
            if row.check == check:
                return row
        known = ", ".join(row.check for row in self.rows)
        raise KeyError(f"There is no check {check!r}. The checks are: {known}.")

    @property
    def failing(self) -> list[str]:
        """The names of the checks that failed."""
        return [row.check for row in self.rows if row.outcome == FAIL]

    def json(self) -> dict[str, Any]:
        """One object with everything."""
        return {"probe": self.url, "ok": self.ok, "rows": [row.json() for row in self.rows]}

    def _table(self) -> Table:
        rows = [[row.check, row.outcome, row.says] for row in self.rows]
        count = Counter(row.outcome for row in self.rows)
        told = ", ".join(f"{count[one]} {one}" for one in (PASS, WARN, FAIL, SKIP) if count[one])
        return Table(["check", "result", "what was seen"], rows, "<<<", f"{self.url}: {told}")

    @property
    def _fixes(self) -> list[tuple[str, str]]:
        return list({row.fix: (row.check, row.fix) for row in self.rows if row.fix}.values())

    def __str__(self) -> str:
        fixes = [f"{check}: {fix}" for check, fix in self._fixes]
        return "\n".join([str(self._table()), *(["", "What to do", *fixes] if fixes else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        items = "".join(
            f"<li><b>{escape(check)}</b>: {_CODE.sub(_AS_CODE, escape(fix))}</li>"
            for check, fix in self._fixes
        )
        todo = f"<p>What to do</p><ul>{items}</ul>" if items else ""
        return self._table()._repr_html_() + todo
