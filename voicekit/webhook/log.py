"""What the webhook was asked and how it went: a table, without anybody's words."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from voicekit.timeline.tables import Table

_KEPT = 1000
_SHOWN = 50


@dataclass
class Entry:
    """One request. Times in seconds; `first` from the request to the first word or tool call."""

    path: str
    at: float = field(default_factory=time.time)
    status: int = 0
    first: float | None = None
    seconds: float = 0.0
    pieces: int = 0
    finish: str = "under way"
    turn: str = ""
    """The beginning of the turn's key: the same twice is one turn asked twice."""
    note: str = ""
    error: BaseException | None = field(default=None, repr=False)
    said: str | None = None
    """What the caller said, and what was answered: only with `keep_contents`."""
    answered: str | None = None


class Log:
    """The last thousand requests, oldest first; a notebook shows them as a table."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)

    def add(self, entry: Entry) -> Entry:
        """Note a request that begins."""
        self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget all of them."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def table(self, last: int = _SHOWN) -> Table:
        """The last so many, as a table."""
        shown = list(self._entries)[-last:]
        rows = [
            (
                time.strftime("%H:%M:%S", time.localtime(entry.at)),
                str(entry.status or "-"),
                "-" if entry.first is None else f"{entry.first * 1000:.0f} ms",
                f"{entry.seconds * 1000:.0f} ms",
                str(entry.pieces),
                entry.finish,
                entry.turn,
                entry.note,
            )
            for entry in shown
        ]
        head = ("time", "status", "first word", "whole", "pieces", "finish", "turn", "note")
        total = len(self._entries)
        kept = any(entry.said is not None for entry in shown)
        words = "are in `said` and `answered`" if kept else "are not kept"
        caption = f"{total} request{'s' * (total != 1)}; the words {words}."
        return Table(head, rows, "<>>>><<<", caption)

    def __repr__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()
