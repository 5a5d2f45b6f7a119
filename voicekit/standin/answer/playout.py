"""What the caller has heard by now, as far as a server can tell from what it sent when.

Audio is sent faster than it plays. A client plays it from when it comes, one piece after the
other, a little late; so what is believed to be heard is a little less than what may have been.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

LAG = 0.15
"""Seconds that a client may take from receiving sound to playing it: more than two of the 62.5 ms
buffers that the official SDK's own interface writes."""


@dataclass(frozen=True)
class _Piece:
    owner: object
    begins: float
    chars: tuple[tuple[int, float], ...]
    """How many characters of the owner's text have sounded, seconds after the piece begins."""


class Playout:
    """The sound of one turn of the agent, laid down on the clock."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self.ends = -math.inf

    @property
    def begun(self) -> bool:
        """Whether any sound was sent."""
        return bool(self._pieces)

    def lay(
        self, owner: object, seconds: float, chars: tuple[tuple[int, float], ...], now: float
    ) -> float:
        """Note a piece sent at `now`; give when it begins to play.

        Args:
            owner: whose text it says part of.
            seconds: how long it plays.
            chars: for each character of it, how many characters of the owner's text have sounded
                once it has, and when that is, in seconds of the piece.
            now: when it was sent.
        """
        begins = max(now, self.ends)
        self.ends = begins + seconds
        self._pieces.append(_Piece(owner, begins, chars))
        return begins

    def heard(self, owner: object, until: float) -> int:
        """How many characters of the owner's text have sounded by `until`."""
        return max(
            (
                count
                for piece in self._pieces
                if piece.owner is owner
                for count, at in piece.chars
                if piece.begins + at <= until
            ),
            default=0,
        )


def whole_words(text: str, count: int) -> str:
    """The first `count` characters of `text` without a word that was cut in the middle."""
    heard = text[:count]
    rest = text[count:]
    if heard and rest and not rest[0].isspace() and not heard[-1].isspace():
        spaces = [index for index, char in enumerate(heard) if char.isspace()]
        heard = heard[: spaces[-1]] if spaces else ""
    return heard.rstrip()
