"""When a reply's fragments go to the voice: one rule, for the live voice and the virtual one.

A fragment goes out when a token completes it. While the LLM pauses, whatever can be said goes out
before the player runs dry: the LLM may be waiting for a tool. Pure: it is told what came and how
much is left to play, and says when to look again; it never waits and reads no clock.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

QUIET = 0.03
"""Seconds without a token after which the LLM counts as pausing."""
HUNGRY = 1.0
"""Seconds of audio left to play under which a clause is sent rather than a sentence awaited."""
_LOOK = 0.25  # seconds between two looks in a pause: what is left is an estimate, and changes

Piece = TypeVar("Piece", covariant=True)


class Preparing(Protocol[Piece]):
    """What cuts tokens into fragments: `voicekit.text.preparer.Preparer`."""

    def feed(self, token: str, hungry: bool) -> Sequence[Piece]:
        """The fragments that `token` completes."""

    def quiet(self, hungry: bool) -> Sequence[Piece]:
        """The fragments that a pause of the LLM completes."""

    def finish(self) -> Sequence[Piece]:
        """The rest."""


def left_to_play(audio: Sequence[tuple[float, float]], now: float) -> float:
    """Seconds that a player has left which plays what has come, and will get what is on its way.

    Args:
        audio: when each chunk came or will come, and its seconds; in that order.
        now: on the same clock.
    """
    until, coming = -math.inf, 0.0
    for at, seconds in audio:
        if at > now:
            coming += seconds
        else:
            until = max(until, at) + seconds
    return max(until - now, 0.0) + coming


class Release(Generic[Piece]):
    """Decides when fragments go out.

    Args:
        preparer: cuts the tokens.
        quiet: seconds without a token after which the LLM counts as pausing.
        hungry: seconds of audio left under which a clause will do.
    """

    def __init__(
        self, preparer: Preparing[Piece], quiet: float = QUIET, hungry: float = HUNGRY
    ) -> None:
        self._preparer = preparer
        self._quiet = quiet
        self._hungry = hungry
        self._begun = False
        self._nothing_waits = True  # nothing can be said before the next token

    def token(self, token: str, left: float) -> Sequence[Piece]:
        """Take a token; return what goes out.

        Args:
            token: the LLM's next piece of text.
            left: seconds of audio that the player has left; 0 before the first.
        """
        fragments = self._preparer.feed(token, hungry=left < self._hungry)
        if not self._begun and not fragments:  # a first sentence waits for no token behind it
            fragments = self._preparer.quiet(hungry=False)
        self._nothing_waits = False
        return self._sent(fragments)

    def look_after(self, left: float) -> float | None:
        """Seconds after which to look again if no token comes by then; None: not before one."""
        if self._nothing_waits:
            return None
        return max(self._quiet, min(left - self._hungry, _LOOK))

    def look(self, left: float) -> Sequence[Piece]:
        """Return what goes out now that no token has come for as long as `look_after` said."""
        if left >= self._hungry:
            return ()
        fragments = self._preparer.quiet(hungry=True)
        self._nothing_waits = not fragments
        return self._sent(fragments)

    def finish(self) -> Sequence[Piece]:
        """Return the rest: there is no more text."""
        self._nothing_waits = True
        return self._preparer.finish()

    def _sent(self, fragments: Sequence[Piece]) -> Sequence[Piece]:
        self._begun = self._begun or bool(fragments)
        return fragments
