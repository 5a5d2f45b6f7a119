"""Something the agent says in one go, and where it is cut for its voice.

The first piece is cut early, the others at sentences; joined, the pieces are the text, however it
came. Small on purpose: the client side has a more careful cutter of its own, and the two share
nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from voicekit.standin.records.transcript import Item

EARLIEST = 3
"""Words that a first piece has at least when nothing but a small word follows them."""

_WIDEST = 200  # characters without any mark: cut between words, whatever they are
# After these nothing belongs to what was before, so there is no need to see what follows. A digit
# before a comma may be a number's.
_CERTAIN = re.compile(r"(?<=[^\W\d_])[,;!?\u2026](?=\S|\s|$)")
# Before white space only; not after "Dr." or "e.g.", so three small letters or digits come first.
_CLAUSE = re.compile(r"(?:(?<=[a-z0-9]{3})[.]|[,;:!?\u2026\u2014])[\"')\]\u201d\u2019]*(?=\s)")
_SENTENCE = re.compile(r"(?:(?<=[a-z0-9]{3})[.]|[!?\u2026])[\"')\]\u201d\u2019]*(?=\s)")
# A speaker may draw breath before these.
_BREATH = re.compile(
    r"(?<=\w)(?= (?:and|but|or|so|because|since|that|which|who|if|when|while|until|is|are|was|were"
    r"|will|can|has|have|for|from|with|within|without|about|after|before|on|in|at|to|by)\s)"
)
# A language model's token of this form is hardly ever half a word: no need to see what follows.
_WORD = re.compile(r" [a-z]+")


class Cutter:
    """Takes text as it comes; gives out what may be spoken."""

    def __init__(self) -> None:
        self._text = ""
        self._first = True
        self._word = False  # whether the text ends with a token that is a word

    def feed(self, text: str) -> list[str]:
        """The pieces that `text` completes."""
        self._text += text
        self._word = bool(_WORD.fullmatch(text))
        found = []
        while cut := self._cut():
            found.append(self._text[:cut])
            self._text = self._text[cut:]
            self._first = False
        return found

    def flush(self) -> str:
        """What is left, perhaps nothing; the next text begins a first piece again."""
        rest, self._text = self._text, ""
        self._first = True
        return rest

    def _cut(self) -> int:
        """Where the next piece ends; 0 when that cannot be said yet."""
        if self._first:
            ends = [end.end() for kind in (_CERTAIN, _CLAUSE) if (end := kind.search(self._text))]
            if not ends:
                text = f"{self._text} " if self._word else self._text
                breaths = (place.start() for place in _BREATH.finditer(text))
                ends = [at for at in breaths if self._text[:at].count(" ") + 1 >= EARLIEST][:1]
        else:
            ends = [end.end() for end in _SENTENCE.finditer(self._text)][:1]
        if not ends and len(self._text) > _WIDEST:
            ends = [self._text.rfind(" ", 0, _WIDEST) + 1 or _WIDEST]
        return min(ends, default=0)


@dataclass(eq=False)
class Statement:
    """A statement as it grows.

    Attributes:
        text: all of it so far.
        question: what the language model was asked; empty for a set line.
        cutter: where it is cut for the voice.
        given: how many of its characters the voice was given.
        at: seconds into the call when it began.
        message: its place in the history, once it is whole.
        item: its place in the record, likewise.
        metrics: seconds by the vendor's names.
    """

    at: float
    question: str = ""
    text: str = ""
    cutter: Cutter = field(default_factory=Cutter)
    given: int = 0
    message: dict[str, Any] | None = None
    item: Item | None = None
    metrics: dict[str, float] = field(default_factory=dict)

    def measure(self, name: str, seconds: float) -> None:
        """Note how long something took, the first time it happens."""
        self.metrics.setdefault(name, round(seconds, 6))
        if self.item:
            self.item.metrics = self.metrics

    def first_audio(self, asked: float, now: float) -> None:
        """Its first sound leaves, asked for at `asked`."""
        self.measure("convai_tts_service_ttfb", now - asked)
