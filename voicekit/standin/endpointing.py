"""When a caller begins, pauses and ends: from the likelihood of speech to the turns of a talk.

Pure and without a clock: every time is seconds of the session's own audio. What is likely to be
speech comes from `Hearing.feed`; what to make of it is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SpeechSuspected:
    """Something that may be speech began at `at`: listen, but let the agent go on talking."""

    at: float


@dataclass(frozen=True)
class SpeechDismissed:
    """What was suspected is none, or no turn (a cough, "mm-hm" while the agent talks): forget it."""

    at: float


@dataclass(frozen=True)
class SpeechStarted:
    """The suspected speech that began at `at` is a turn: an agent who is talking is interrupted."""

    at: float


@dataclass(frozen=True)
class SpeechPaused:
    """Speech stopped at `at`, perhaps for good: time to prepare an answer on speculation."""

    at: float


@dataclass(frozen=True)
class SpeechResumed:
    """The pause was one inside the turn, which goes on at `at`: drop what was prepared."""

    at: float


@dataclass(frozen=True)
class SpeechEnded:
    """The turn is over; its last speech was at `at`."""

    at: float


Event = (
    SpeechSuspected | SpeechDismissed | SpeechStarted | SpeechPaused | SpeechResumed | SpeechEnded
)
