"""Policies found by their words: Markdown files, split at their headings, in an SQLite index.

The index is a file (full-text search, ranked by BM25). It is made anew when the policies change.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from acme.wording import rules

_BUSY = 5.0  # seconds to wait for another writer
_WORD = re.compile(r"[^\W_]+")
_TITLES = 3.0  # a word in a heading counts as much as this many in the text


@dataclass(frozen=True)
class Passage:
    """A piece of a policy, and where it stands: `returns.md#how-long-you-have`."""

    source: str
    text: str


class Policies:
    """The policies of a folder.

    Args:
        index: the index's file; made when there is none.
        folder: Markdown files; None takes Acme's own.
    """

    def __init__(self, index: str | Path, folder: str | Path | None = None) -> None:
        self.index = Path(index)
        own = resources.files("acme").joinpath("policies")
        self.folder: Traversable = own if folder is None else Path(folder)
        if not self.folder.is_dir():
            raise ValueError(f"There is no folder {str(folder)!r}. Name one with Markdown files.")

    def __repr__(self) -> str:
        return f"<Policies in {self.index.name}>"

    def find(self, question: str, most: int = 2) -> list[Passage]:
        """The passages that fit best, the best one first; none when no word fits."""
        ignored = set(rules()["search"]["ignored"])
        words = [word for word in _WORD.findall(question.lower()) if word not in ignored]
        if not words:
            return []
        # In quotes, a word is a word: nobody can write the index's query language.
        query = " OR ".join(f'"{word}"' for word in words[:50])
        with closing(sqlite3.connect(self.index, timeout=_BUSY)) as database:
            self._refresh(database)
            rows = database.execute(
                "SELECT source, body FROM passages WHERE passages MATCH ? "
                "ORDER BY bm25(passages, 0, ?, ?, 1), rowid LIMIT ?",
                [query, _TITLES, _TITLES, most],
            ).fetchall()
        return [Passage(*row) for row in rows]

    def _refresh(self, database: sqlite3.Connection) -> None:
        files = sorted(
            (file.name, file.read_text("utf-8"))
            for file in self.folder.iterdir()
            if file.name.endswith(".md")
        )
        state = hashlib.sha256(repr(files).encode()).hexdigest()
        if _made_of(database) == state:
            return
        with database:
            database.execute("BEGIN IMMEDIATE")  # of two that find it old, one makes it
            if _made_of(database) == state:
                return
            database.execute("DROP TABLE IF EXISTS passages")
            database.execute(
                "CREATE VIRTUAL TABLE passages USING fts5("
                "source UNINDEXED, title, heading, body, tokenize = 'porter unicode61')"
            )
            rows = [row for name, text in files for row in _split(name, text)]
            database.executemany("INSERT INTO passages VALUES (?, ?, ?, ?)", rows)
            database.execute("DROP TABLE IF EXISTS made_of")
            database.execute("CREATE TABLE made_of AS SELECT ? AS state", [state])


def _made_of(database: sqlite3.Connection) -> str | None:
    """What the index was made of; None if it was not made."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'made_of'").fetchone():
        return None
    return str(database.execute("SELECT state FROM made_of").fetchone()[0])


def _split(name: str, text: str) -> Iterator[tuple[str, str, str, str]]:
    """Source, title, heading and text of each section that has text."""
    title = heading = ""
    for part in re.split(r"^(?=#+ )", text, flags=re.MULTILINE):
        if not part.startswith("#"):
            body = part
        else:
            head, _, body = part.partition("\n")
            heading = head.lstrip("# ").strip()
            title = title or heading
        if body.strip():
            anchor = "-".join(_WORD.findall(heading.lower()))
            yield f"{name}#{anchor}", title, heading, " ".join(body.split())
