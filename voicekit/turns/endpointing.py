"""When a caller begins, pauses and ends: from the probability of speech to the turns of a talk.

Pure and without a clock: every time is seconds of the session's own sound.

    suspected ─┬─ (held) ─┬─ dismissed                  a click, a cough, "mm-hm"
               └──────────┴─ started ── stopped ─┬─ resumed ── …   a pause inside the turn
                                                 └─ ended
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from voicekit.arguments import check_choice, check_number, check_seconds
from voicekit.turns.barge_in import BargeIn
from voicekit.turns.completeness import Completeness, completeness
from voicekit.turns.vad import FRAME, QUIETEST, Activity


@dataclass(frozen=True)
class Event:
    """Something about the caller's speech became clear.

    Attributes:
        at: the moment that it is about, in seconds of the session's sound; always before now.
    """

    at: float


@dataclass(frozen=True)
class SpeechSuspected(Event):
    """Something that may be speech began: listen, but let the agent go on talking.

    Attributes:
        pre_roll: PCM16 at 16 kHz from a moment before until now, where a `TurnDetector` keeps it.
    """

    pre_roll: bytes = b""


@dataclass(frozen=True)
class AgentHeld(Event):
    """It goes on: pause the agent's sound, and keep the rest until it is clear what this is."""


@dataclass(frozen=True)
class SpeechDismissed(Event):
    """It was no turn: forget it.

    Attributes:
        resumes: whether the agent was held, and goes on at the word at which it was paused.
    """

    resumes: bool = False


@dataclass(frozen=True)
class SpeechStarted(Event):
    """What began is a turn: cut an agent who is talking.

    Attributes:
        pre_roll: PCM16 at 16 kHz from a moment before until now, where a `TurnDetector` keeps it.
    """

    pre_roll: bytes = b""


@dataclass(frozen=True)
class SpeechStopped(Event):
    """Speech stopped, perhaps for good: time to prepare an answer on speculation."""


@dataclass(frozen=True)
class SpeechResumed(Event):
    """That was a pause inside the turn, which goes on: drop what was prepared."""


@dataclass(frozen=True)
class TurnEnded(Event):
    """The turn is over; `at` is the end of its last speech.

    Attributes:
        awaited: seconds that the end came later because the words came late.
    """

    awaited: float = 0.0


@dataclass(frozen=True)
class Eagerness:
    """How soon a caller's silence is taken for the end of the turn. All are seconds.

    Attributes:
        finished: silence that ends a turn whose words are all there.
        open: the same when more may follow: "hello", a number that may go on.
        unfinished: the same when more must follow: "my number is", "and", "um".
        pause: silence after which `SpeechStopped` comes.
    """

    finished: float = 0.5
    open: float = 0.85
    unfinished: float = 1.0
    pause: float = 0.12

    def __post_init__(self) -> None:
        for name in ("finished", "open", "unfinished", "pause"):
            check_seconds(name, getattr(self, name), least=FRAME)

    def hangover(self, state: Completeness) -> float:
        """Return the seconds of silence that end a turn in this state."""
        return float(getattr(self, state.value))


EAGERNESS = {
    "eager": Eagerness(finished=0.22, open=0.57, unfinished=0.7),
    "normal": Eagerness(),
    "patient": Eagerness(finished=0.85, open=1.2, unfinished=1.6),
    "attentive": Eagerness(finished=0.35, open=0.6, unfinished=1.7, pause=FRAME),
}
"""By name: from quick and sometimes rude to polite and slow. `attentive` is quick after finished
words and slow after others, for a loop with partial transcripts: `python3 -m voicekit bench
pipeline` measures it."""


@dataclass(frozen=True)
class Thresholds:
    """When sound counts as speech.

    Attributes:
        start: probability with which speech begins.
        stay: lower probability with which it goes on.
        drop: dB below the turn's loudest frame where there is no voice any more, whatever the
            probability, which stays up for some 80 ms after the voice.
        first: seconds of speech that make a turn while the agent is silent.
        give_up: seconds of silence after which what was suspected is dismissed.
    """

    start: float = 0.5
    stay: float = 0.35
    drop: float = 30.0
    first: float = 2 * FRAME
    give_up: float = 0.3

    def __post_init__(self) -> None:
        check_number("start", self.start, 0, 1)
        check_number("stay", self.stay, 0, self.start)
        check_number("drop", self.drop, 0, 100)
        check_seconds("first", self.first)
        check_seconds("give_up", self.give_up)


class Endpointer:
    """Cuts one session's sound into turns.

    Args:
        eagerness: a name in `EAGERNESS`, or settings of your own.
        thresholds: when sound counts as speech.
        barge_in: judges speech while the agent talks.
        dictation: wait longer while a number is being dictated.
        ends: tells the rules for unfinished words where sentences end, such as `SentenceEnds()`.
    """

    def __init__(
        self,
        eagerness: str | Eagerness = "normal",
        *,
        thresholds: Thresholds | None = None,
        barge_in: BargeIn | None = None,
        dictation: bool = True,
        ends: Callable[[str], float] | None = None,
    ) -> None:
        if not isinstance(eagerness, Eagerness):
            check_choice("eagerness", eagerness, EAGERNESS)
            eagerness = EAGERNESS[eagerness]
        self.eagerness = eagerness
        self.thresholds = thresholds or Thresholds()
        self.barge_in = barge_in or BargeIn()
        self._dictation, self._ends = dictation, ends
        self._began: float | None = None  # of what is suspected, or of the turn
        self._started = self._held = self._paused = False
        self._over_agent = False  # what is said now would interrupt the agent
        self._spoken = 0.0  # seconds of speech since it began
        self._loudest = QUIETEST
        self._last = 0.0  # end of the last frame that was speech
        self._now = 0.0  # end of the last frame
        self._words, self._state = "", Completeness.FINISHED

    @property
    def began(self) -> float | None:
        """When the turn under way, or what may become one, began; None while nobody speaks."""
        return self._began

    @property
    def silent_since(self) -> float | None:
        """The end of its last speech, when that is over for now; None while speech goes on."""
        silent = self._began is not None and self._last < self._now - FRAME / 2
        return self._last if silent else None

    def hint(self, partial: str) -> None:
        """Take what the turn says so far: unfinished words buy the caller time."""
        self._words = partial.strip()
        self._state = completeness(self._words, dictation=self._dictation, ends=self._ends)

    def decide(self) -> list[Event]:
        """Return what the last hint made clear, without waiting for another frame."""
        return self._silence(undecided=False) if self.silent_since is not None else []

    def push(
        self, activity: Activity, agent_talks: bool = False, undecided: bool = False
    ) -> list[Event]:
        """Take one frame; return what has become clear by it.

        Args:
            activity: the next frame's.
            agent_talks: whether the agent can be heard, so that speech would interrupt it.
            undecided: whether a hint on what was said before this pause is still to come. Nothing
                is decided before: how long a pause may be depends on the words, and must not
                depend on how busy the ears are.
        """
        self._now = activity.end
        self._over_agent = not self._started and (agent_talks or self._held)
        strict = self._over_agent or self.barge_in.echoes(activity.at)
        caller = (
            self._started
            or not strict
            or self.barge_in.is_caller(activity, goes_on=self._began is not None)
        )
        events: list[Event] = []
        if self._began is None:
            if not caller or activity.probability < self.thresholds.start:
                return []
            self._began, self._spoken, self._loudest = activity.at, 0.0, QUIETEST
            self.hint("")
            events.append(SpeechSuspected(activity.at))
        if caller and self._goes_on(activity):
            return events + self._speech(activity)
        return events + self._silence(undecided)

    def _goes_on(self, activity: Activity) -> bool:
        """Whether a caller who has begun to speak still does."""
        if activity.probability < self.thresholds.stay:
            return False
        self._loudest = max(self._loudest, activity.level)
        return activity.level >= self._loudest - self.thresholds.drop

    def _speech(self, activity: Activity) -> list[Event]:
        self._spoken += FRAME
        self._last = self._now
        if self._paused:
            self._paused = False
            return [SpeechResumed(activity.at)]
        if self._started:
            return []
        if not self._over_agent:
            return self._start() if self._spoken >= self.thresholds.first - FRAME / 2 else []
        return self._judge()

    def _judge(self) -> list[Event]:
        """Decide on speech over the agent."""
        verdict = self.barge_in.verdict(self._spoken, self._words)
        if verdict == "interrupt":
            return self._start()
        if verdict == "hold" and not self._held:
            self._held = True
            return [AgentHeld(self._began or 0.0)]
        return []

    def _start(self) -> list[Event]:
        self._started, self._held = True, False
        return [SpeechStarted(self._began or 0.0)]

    def _silence(self, undecided: bool) -> list[Event]:
        """Tell what is clear after a frame without speech."""
        quiet = self._now - self._last + 1e-6
        events: list[Event] = []
        if not self._started:
            events = self._judge() if self._over_agent and self._words else []
            if not self._started:
                return events if quiet < self.thresholds.give_up or undecided else self._dismiss()
        if not self._paused and quiet >= self.eagerness.pause:
            self._paused = True
            events.append(SpeechStopped(self._last))
        over = quiet - self.eagerness.hangover(self._state)
        if over >= 0 and not undecided:
            self._began, self._started, self._paused = None, False, False
            events.append(TurnEnded(self._last, over // FRAME * FRAME))
        return events

    def _dismiss(self) -> list[Event]:
        resumes, self._held, self._began = self._held, False, None
        return [SpeechDismissed(self._last, resumes)]
