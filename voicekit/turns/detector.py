"""Sound in, turns out: a VAD, an endpointer and a barge-in judge on one microphone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from voicekit.arguments import check_seconds
from voicekit.turns.endpointing import (
    Eagerness,
    Endpointer,
    Event,
    SpeechStarted,
    SpeechSuspected,
)
from voicekit.turns.vad import SAMPLE_RATE, Framer, Vad, default_vad, pcm16

LONGEST = 60.0
"""Seconds of one turn that are kept for its pre-roll."""


class TurnDetector:
    """Tells the turns in a stream of PCM16, and hands out each turn's beginning.

    Args:
        vad: judges the frames; None: Silero where its wheel is installed, else loudness.
        sample_rate: samples a second of what is pushed, and of the pre-roll.
        eagerness: a name in `EAGERNESS`, or settings of your own.
        endpointer: another endpointer than the usual one with this eagerness.
        pre_roll: seconds of sound before a turn's beginning that belong to it: a first consonant
            is soft, and known to be speech only when the vowel comes.
    """

    def __init__(
        self,
        vad: Vad | None = None,
        *,
        sample_rate: int = SAMPLE_RATE,
        eagerness: str | Eagerness = "normal",
        endpointer: Endpointer | None = None,
        pre_roll: float = 0.3,
    ) -> None:
        check_seconds("pre_roll", pre_roll, most=2.0)
        self.endpointer = endpointer or Endpointer(eagerness)
        self._framer = Framer(vad or default_vad(), sample_rate)
        self._rate, self._pre_roll = sample_rate, pre_roll
        self._sound = bytearray()
        self._dropped = 0  # bytes that are not kept any more

    @property
    def now(self) -> float:
        """Seconds of sound that are judged: what every event's `at` counts in."""
        return self._framer.now

    @property
    def speaking(self) -> bool:
        """Whether a turn of the caller, or what may become one, is under way."""
        return self.endpointer.began is not None

    def push(
        self,
        pcm: bytes | npt.NDArray[np.int16],
        agent_talks: bool = False,
        undecided: bool = False,
    ) -> list[Event]:
        """Take the next piece of the microphone's sound; return what has become clear by it.

        Time passes by this alone: a microphone that sends nothing in silence needs silence pushed
        for it.

        Args:
            pcm: PCM16 mono, any number of samples, as bytes or int16 of shape (n,).
            agent_talks: whether the agent can be heard, so that speech would interrupt it.
            undecided: whether a transcript is still to come that will be passed to `hint`.
        """
        raw = pcm16(pcm)
        self._sound += raw
        events = [
            event
            for activity, _ in self._framer.push(raw)
            for event in self.endpointer.push(activity, agent_talks, undecided)
        ]
        events = [
            replace(event, pre_roll=self._since(event.at - self._pre_roll))
            if isinstance(event, SpeechSuspected | SpeechStarted)
            else event
            for event in events
        ]
        self._forget()
        return events

    def hint(self, partial: str) -> None:
        """Take what the turn says so far: unfinished words buy the caller time."""
        self.endpointer.hint(partial)

    def play(self, pcm: bytes | npt.NDArray[np.int16], sample_rate: int) -> None:
        """Note sound that the loudspeaker plays now, or behind what was noted before.

        What is played is then not taken for a caller when the microphone hears it.
        """
        barge_in = self.endpointer.barge_in
        barge_in.play(pcm, sample_rate, max(self.now, barge_in.plays_until))

    def stop_playing(self) -> None:
        """Note that the loudspeaker was stopped or paused: what was to follow is not heard."""
        self.endpointer.barge_in.stop(self.now)

    def _since(self, at: float) -> bytes:
        first = max(0, 2 * round(at * self._rate) - self._dropped)
        return bytes(self._sound[first:])

    def _forget(self) -> None:
        began = self.endpointer.began
        keep = self.now if began is None else max(began, self.now - LONGEST)
        extra = 2 * round((keep - self._pre_roll) * self._rate) - self._dropped
        if extra > 0:
            del self._sound[:extra]
            self._dropped += extra
