"""When a caller begins, pauses and ends: from the likelihood of speech to the turns of a talk.

Pure and without a clock: every time is seconds of the session's own audio. What is likely to be
speech comes from `Hearing.feed`; what to make of it is decided here.

    suspected ─┬─ dismissed                            a click, a cough, "mm-hm"
               └─ started ── paused ─┬─ resumed ── …   a pause inside the turn
                                     └─ ended
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicekit.standin.engines import FRAME, Activity
from voicekit.standin.engines.speech_activity import GoingOn


@dataclass(frozen=True)
class SpeechSuspected:
    """Something that may be speech began at `at`: listen, but let the agent go on talking."""

    at: float


@dataclass(frozen=True)
class SpeechDismissed:
    """What was suspected is no turn (a cough, "mm-hm" while the agent talks): forget it."""

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
    """The turn is over; its last speech was at `at`, and its words were awaited for `awaited` s."""

    at: float
    awaited: float = 0.0


Event = (
    SpeechSuspected | SpeechDismissed | SpeechStarted | SpeechPaused | SpeechResumed | SpeechEnded
)


@dataclass(frozen=True)
class Eagerness:
    """How soon a caller's silence is taken for the end of the turn.

    Attributes:
        hangover: seconds of silence that end a turn.
        longer: the same when the words so far ask for more: "my number is", "and", "um".
        interruption: seconds of speech that interrupt an agent who talks.
    """

    hangover: float
    longer: float
    interruption: float


EAGERNESS = {
    "eager": Eagerness(hangover=0.22, longer=0.7, interruption=0.09),
    "normal": Eagerness(hangover=0.5, longer=1.0, interruption=0.09),
    # "Mm-hm" and most coughs are shorter than this, words that mean to interrupt go on.
    "patient": Eagerness(hangover=0.85, longer=1.6, interruption=0.6),
}
"""By the vendor's names for `turn.turn_eagerness`."""

ONSET = 0.5  # likelihood with which speech begins
ONSET_OVER_AGENT = 0.8  # what is left of the agent's own voice in the microphone stays below
FIRST = 2 * FRAME  # seconds of speech that begin a turn while the agent is silent
PAUSE = 0.12  # seconds of silence after which an answer may be prepared
GIVE_UP = 0.3  # seconds of silence after which what was suspected is dismissed
SPELLING = 0.35  # seconds more between the letters and digits of a number

_UNFINISHED = re.compile(
    r"\b(?:and|or|but|so|because|the|a|an|my|to|of|for|with|if|is|um|uh|er|hmm"
    r"|order|order number|number is|dash|please wait)$",
    re.IGNORECASE,
)
_SPELLING = re.compile(r"(?:^|[\s-])(?:\d{1,3}|[A-Z]-?\d{0,3}|[A-Z])$")
_BACKCHANNEL = re.compile(
    r"(?:(?:mm|mm-?hm+|m+|hm+|uh|uh-?huh|yeah|yes|yep|right|okay|ok|i see|aha|oh)[\s,.]*)+",
    re.IGNORECASE,
)


class Endpointer:
    """Cuts one session's audio into turns.

    Args:
        eagerness: a name in `EAGERNESS`, or settings of your own.
        spelling_patience: wait longer while a number is being spelt out.
    """

    def __init__(self, eagerness: str | Eagerness = "normal", spelling_patience: bool = True):
        self.settings = EAGERNESS[eagerness] if isinstance(eagerness, str) else eagerness
        self._spelling_patience = spelling_patience
        self._began: float | None = None  # of what is suspected, or of the turn
        self._started = False
        self._paused = False
        self._spoken = 0.0  # seconds of speech since it began
        self._last = 0.0  # end of the last frame that was speech
        self._now = 0.0  # end of the last frame
        self._words = ""
        self._going_on = GoingOn()

    def hint(self, partial: str) -> None:
        """Tell what the turn says so far; unfinished words buy the caller time."""
        self._words = partial.strip()

    def decided(self) -> list[Event]:
        """The hint for this pause has come: give what has become clear without another frame."""
        return self._silence(self._now, False) if self._paused else []

    def push(
        self, activity: Activity, agent_talks: bool = False, undecided: bool = False
    ) -> list[Event]:
        """Take one frame; give what has become clear by it.

        Args:
            activity: the next frame's.
            agent_talks: whether the agent can be heard, so that speech would interrupt it.
            undecided: whether a hint on what was said before this pause is still to come. The turn
                does not end before: how long a pause may be depends on the words, and must not
                depend on how busy the ears are.
        """
        self._now = activity.at + FRAME
        talked_over = agent_talks and not self._started
        events: list[Event] = []
        if self._began is None:
            if activity.probability < (ONSET_OVER_AGENT if talked_over else ONSET):
                return []
            self._began, self._spoken, self._words = activity.at, 0.0, ""
            self._going_on = GoingOn()
            events.append(SpeechSuspected(activity.at))
        if self._going_on.with_(activity):
            self._spoken += FRAME
            self._last = self._now
            if self._paused:
                self._paused = False
                events.append(SpeechResumed(activity.at))
            if not self._started and self._is_turn(agent_talks):
                self._started = True
                events.append(SpeechStarted(self._began))
            return events
        return events + self._silence(self._now, undecided)

    def _is_turn(self, agent_talks: bool) -> bool:
        """Whether there is enough speech to take what was suspected for a turn."""
        if not agent_talks:
            return self._spoken >= FIRST - FRAME / 2
        needed = self.settings.interruption
        if _BACKCHANNEL.fullmatch(self._words):
            needed *= 2
        return self._spoken >= needed - FRAME / 2

    def _silence(self, now: float, undecided: bool) -> list[Event]:
        """What a frame without speech makes clear."""
        quiet = now - self._last + 1e-6
        if not self._started:
            if quiet < GIVE_UP:
                return []
            self._began = None
            return [SpeechDismissed(self._last)]
        events: list[Event] = []
        if not self._paused and quiet >= PAUSE:
            self._paused = True
            events.append(SpeechPaused(self._last))
        over = quiet - self._hangover()
        if over >= 0 and not undecided:
            self._began, self._started, self._paused = None, False, False
            events.append(SpeechEnded(self._last, over // FRAME * FRAME))
        return events

    def _hangover(self) -> float:
        if _UNFINISHED.search(self._words):
            return self.settings.longer
        spelling = self._spelling_patience and _SPELLING.search(self._words)
        return self.settings.hangover + (SPELLING if spelling else 0.0)
