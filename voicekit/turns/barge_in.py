"""Barge-in: whether the caller talks over the agent, or the microphone hears the agent itself.

Three things must not cut an agent short: its own voice from the loudspeaker, a cough, and a
listener's "mm-hm". Against the first there is a stricter threshold, and the level of what is being
played; against the others there are time and words. An agent that can pause may be held at once
and go on where it was: then a wrong suspicion costs a moment, and not the answer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from voicekit.arguments import check_number, check_seconds
from voicekit.audio import frames
from voicekit.turns.completeness import is_backchannel
from voicekit.turns.vad import FRAME, QUIETEST, Activity, level, pcm16

Verdict = Literal["wait", "hold", "interrupt"]

_INAUDIBLE = -60.0  # dBFS of played sound that leaves no echo


@dataclass(frozen=True)
class Interruption:
    """How much speech it takes to interrupt an agent who talks.

    Attributes:
        start: probability of speech with which a frame counts; above what is left of the agent's
            own voice behind an echo canceller.
        after: seconds of speech that interrupt, whatever is said; "mm-hm" has twice as long.
        hold: seconds of speech after which to pause the agent until it is clear; None: never.
        by_words: whether words that are no backchannel interrupt at once; not for a recogniser
            that makes words of coughs.
        over_echo: dB by which a frame must be louder than the agent's echo.
    """

    start: float = 0.8
    after: float = 0.6
    hold: float | None = None
    by_words: bool = True
    over_echo: float = 3.0

    def __post_init__(self) -> None:
        check_number("start", self.start, 0, 1)
        check_seconds("after", self.after)
        if self.hold is not None:
            check_seconds("hold", self.hold, most=self.after)
        check_number("over_echo", self.over_echo, 0, 60)


class BargeIn:
    """Judges frames and words while the agent talks.

    Without `play` the probability of speech decides alone: right for a headset, or behind a
    browser's echo canceller.

    Args:
        settings: how much speech it takes.
    """

    DELAY = 0.4
    """Seconds that an echo may be late by: output and input buffers, and the room."""
    CLOSEST = -6.0
    """dB of an echo below what is played, at most: a louder one cannot be told from a caller."""
    LONGEST = 600.0
    """Seconds of sound that may be noted ahead."""
    MEMORY = 3.0
    """Seconds of the agent's sound whose loudest echo counts."""
    UNKNOWN = -16.0
    """dB of an echo below what is played, before 0.6 s of it were heard."""
    RATE = 30.0
    """dB a second by which that is corrected: a caller who speaks softly must not pass for echo."""

    def __init__(self, settings: Interruption | None = None) -> None:
        self.settings = settings or Interruption()
        self._playing: deque[_Playing] = deque(maxlen=round(self.LONGEST / FRAME))
        self._echo = self.UNKNOWN  # dB below what is played, as learned so far
        self._echoes: deque[float] = deque(maxlen=round(self.MEMORY / FRAME))

    def play(
        self, pcm: bytes | npt.NDArray[np.int16], sample_rate: int, at: float | None = None
    ) -> None:
        """Note what the loudspeaker plays, so that its echo is not taken for a caller.

        Args:
            pcm: PCM16 mono, as bytes or int16 of shape (n,).
            sample_rate: its samples a second.
            at: when it begins, in seconds of the microphone's sound; None: behind what was noted
                before.
        """
        check_number("sample_rate", sample_rate, 8000, 192_000, whole=True)
        begins = self.plays_until if at is None else at
        for piece in frames(pcm16(pcm), sample_rate, FRAME):
            self._playing.append(_Playing(begins, begins + FRAME, level(piece)))
            begins += FRAME

    @property
    def plays_until(self) -> float:
        """When the last sound that was noted ends, in seconds of the microphone's sound."""
        return self._playing[-1].end if self._playing else 0.0

    def stop(self, at: float) -> None:
        """Note that the loudspeaker fell silent at `at`: what was to follow is not played."""
        while self._playing and self._playing[-1].begin >= at:
            self._playing.pop()

    def is_caller(self, activity: Activity, goes_on: bool = False) -> bool:
        """Tell whether a frame is speech of somebody else than the agent; learns from its echo.

        Args:
            activity: the frame's.
            goes_on: whether the caller had begun before: then only the echo's level counts.
        """
        heard = self._echo_of(activity)
        likely = goes_on or activity.probability >= self.settings.start
        return likely and (heard is None or activity.level >= heard + self.settings.over_echo)

    def echoes(self, at: float) -> bool:
        """Tell whether the agent's sound may still be heard at `at`, though it has ended."""
        return any(
            piece.end >= at - self.DELAY and piece.begin <= at + FRAME and piece.level > _INAUDIBLE
            for piece in self._playing
        )

    def verdict(self, spoken: float, words: str) -> Verdict:
        """Judge what was said over the agent so far.

        Args:
            spoken: seconds of speech since it began.
            words: what it says, as far as that is known.
        """
        needed = self.settings.after
        if words and is_backchannel(words):
            needed *= 2
        elif words and self.settings.by_words:
            return "interrupt"
        if spoken >= needed - FRAME / 2:
            return "interrupt"
        hold = self.settings.hold
        return "hold" if hold is not None and spoken >= hold - FRAME / 2 else "wait"

    def _echo_of(self, activity: Activity) -> float | None:
        """The level that the agent's echo may have in a frame; None when nothing is playing."""
        while self._playing and self._playing[0].end < activity.at - self.DELAY:
            self._playing.popleft()
        played = (piece.level for piece in self._playing if piece.begin < activity.end)
        loudest = max(played, default=QUIETEST)
        if loudest <= _INAUDIBLE:
            return None
        below = min(activity.level - loudest, self.CLOSEST)
        if below < self._echo + self.settings.over_echo:  # the agent alone, not a caller
            self._echoes.append(below)
            known = max(self._echoes)
            if len(self._echoes) < 0.6 / FRAME:
                known = max(known, self.UNKNOWN)
            step = self.RATE * FRAME
            self._echo += min(max(known - self._echo, -step), step)
        return loudest + self._echo


@dataclass(frozen=True)
class _Playing:
    """A frame of the agent's sound: seconds of the microphone's sound, dBFS."""

    begin: float
    end: float
    level: float


def resume_at(words: Sequence[tuple[str, float, float]], played: float) -> float:
    """Return where to go on after a false interruption: at the word that was cut, from its start.

    Args:
        words: of the answer: text, start and end in seconds of its sound, in order.
        played: seconds of the answer that were played.

    Returns:
        Seconds of the answer's sound. No word is lost, and none that was heard is said again.
    """
    check_number("played", played, 0)
    index = bisect_right([start for _, start, _ in words], played) - 1
    if index < 0:
        return 0.0
    _, start, end = words[index]
    if played < end:
        return start
    return words[index + 1][1] if index + 1 < len(words) else played
