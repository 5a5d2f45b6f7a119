"""Heard-truth: which of the words that were sent have been heard after so much playing.

Fragments are sent, the vendor aligns their characters with its audio, the player says how much it
has played. From the three follows what a listener knows; nothing else may enter the history.
"""

from __future__ import annotations

from bisect import bisect_right

from voicekit.speech.channel import Audio
from voicekit.text.preparer import Fragment

CHARACTERS_PER_SECOND = 15.0
"""An ordinary speaking rate, for vendors' messages without alignment."""
_ROUNDING = 0.002  # the vendor rounds to whole milliseconds


class Ledger:
    """What one utterance sent, and when each spoken character ends in its audio."""

    def __init__(self) -> None:
        self.fragments: list[Fragment] = []
        self._spoken = ""
        self._ends: list[float] = []

    def add(self, fragment: Fragment) -> None:
        """Note a fragment that goes to the voice."""
        self.fragments.append(fragment)
        self._spoken += fragment.spoken

    @property
    def source(self) -> str:
        """The source text of all fragments."""
        return "".join(fragment.source for fragment in self.fragments)

    @property
    def owed(self) -> bool:
        """Whether the vendor aligns its audio and has not aligned everything yet."""
        return not self._ends or len(self._ends) < len(self._spoken.rstrip())

    @property
    def expected(self) -> float:
        """Seconds of audio that what was sent will make: aligned so far, then estimated."""
        rest = len(self._spoken) - len(self._ends)
        return (self._ends[-1] if self._ends else 0.0) + rest / CHARACTERS_PER_SECOND

    def align(self, begin: float, audio: Audio) -> None:
        """Note a message's alignment; its audio begins `begin` seconds into the utterance."""
        for char, end in zip(audio.chars, audio.ends, strict=True):
            # White space between two messages may be missing from the alignment.
            while self._next().isspace() and self._next() != char:
                self._ends.append(self._ends[-1] if self._ends else begin)
            self._ends.append(max(begin + end, self._ends[-1] if self._ends else 0.0))

    def heard(self, seconds: float) -> str:
        """The source text heard after `seconds` of playing, whole words only."""
        spoken = self._spoken_by(seconds)
        heard = ""
        for fragment in self.fragments:
            if spoken < len(fragment.spoken.rstrip()):
                return heard + fragment.source[: fragment.heard(max(spoken, 0))]
            heard += fragment.source
            spoken -= len(fragment.spoken)
        return heard

    def rewind(self, seconds: float) -> list[str]:
        """Forget what came after the last whole word in `seconds` of audio, and return its text.

        The word that was cut is said again from its beginning, so no word is lost, and none that
        was said to its end is repeated.
        """
        begin = self._spoken_by(seconds)
        while 0 < begin < len(self._spoken) and not self._spoken[begin - 1].isspace():
            begin -= 1
        del self._ends[begin:]
        rest: list[str] = []
        at = 0
        for fragment in self.fragments:
            piece = fragment.spoken[max(begin - at, 0) :]
            at += len(fragment.spoken)
            if piece.strip():
                rest.append(piece)
        return rest

    def _spoken_by(self, seconds: float) -> int:
        if self._ends:
            return bisect_right(self._ends, seconds + _ROUNDING)
        return min(int(seconds * CHARACTERS_PER_SECOND), len(self._spoken))

    def _next(self) -> str:
        return self._spoken[len(self._ends) : len(self._ends) + 1]
