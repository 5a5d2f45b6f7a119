"""Whose turn it is: from what has been heard to what the caller does next. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicekit.conversation.lines import Line

ANSWER = 0.3
"""Seconds of the agent that make an answer; less is the rest of what was interrupted."""


@dataclass(frozen=True)
class Room:
    """What can be heard at one moment. Seconds."""

    now: float
    heard: float  # of the agent, since the beginning
    words: int  # of the agent, since the beginning
    quiet: float  # since either side was heard
    talking: bool  # the caller is


class Script:
    """Goes through the lines, one cue after the other.

    Args:
        lines: what the caller does.
        patience: seconds to wait for an answer, or for a cue that does not come.
        linger: seconds of quiet after the last answer before the script counts as finished.
    """

    def __init__(self, lines: Sequence[Line], patience: float = 10.0, linger: float = 0.5) -> None:
        self._lines = list(lines)
        self._patience = patience
        self._linger = linger
        self._next = 0
        self._heard = 0.0  # of the agent, when the last line ended
        self._words = 0
        self._since = 0.0  # when the last line ended
        self.unanswered: list[Line] = []
        """Lines that nothing was said to within the patience."""
        self.finished = False

    def cue(self, room: Room) -> Line | None:
        """The line that is due now, if one is; to be called every few hundredths of a second."""
        if self.finished:
            return None
        if room.talking:
            self._heard, self._words, self._since = room.heard, room.words, room.now
            return None
        first, last = self._next == 0, self._next == len(self._lines)
        answered = room.heard - self._heard >= ANSWER
        waited = room.now - self._since >= self._patience and room.quiet >= self._patience
        if last:
            if (answered and room.quiet >= self._linger) or waited or first:
                self._give_up(answered or first)
                self.finished = True
            return None
        line = self._lines[self._next]
        if self._is_due(line, room, answered or first) or waited:
            self._give_up(answered or first)
            self._next += 1
            return line
        return None

    def _is_due(self, line: Line, room: Room, answered: bool) -> bool:
        if line.over is not None:
            return room.heard - self._heard >= line.over
        if line.over_words is not None:
            return room.words - self._words >= line.over_words
        return answered and room.quiet >= line.after

    def _give_up(self, answered: bool) -> None:
        if not answered:
            self.unanswered.append(self._lines[self._next - 1])
