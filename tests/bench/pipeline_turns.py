"""One call of `bench pipeline` in virtual time: what is decided, and what is heard when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.pipeline_sound import Recording
from voicekit.turns import (
    Activity,
    Eagerness,
    Endpointer,
    Speculation,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    TurnEnded,
)


@dataclass(frozen=True)
class End:
    """The end of a turn, as it was decided.

    Attributes:
        known: second at which it was known.
        asked: second from which an answer to its words was being made.
        goes_on: second at which it was known that the caller goes on after all; None: never.
    """

    known: float
    asked: float
    goes_on: float | None = None

    def answered(self, reply: float) -> float:
        """The second at which an answer that takes `reply` seconds to begin is heard."""
        return max(self.known, self.asked + reply)


def ends(
    recording: Recording,
    activities: Sequence[Activity],
    eagerness: Eagerness,
    *,
    asr: float | None,
    speculative: bool,
    sentence_ends: Callable[[str], float] | None = None,
) -> tuple[list[End], int]:
    """Run the machines over one recording; return the ends, and how many answers were begun.

    Args:
        recording: what is said when.
        activities: its frames, as a VAD judged them.
        eagerness: how long a silence ends a turn.
        asr: seconds from the end of a word to its text; None: the endpointer gets no text.
        speculative: whether an answer is begun when speech stops.
        sentence_ends: helps the rules for unfinished words.
    """
    endpointer = Endpointer(eagerness, ends=sentence_ends)
    speculation = Speculation[float]()
    found: list[End] = []
    stopped = False
    text, came, begun = "", 0.0, 0
    for activity in activities:
        now = activity.end
        if asr is not None and (partial := recording.text_until(now - asr)) != text:
            text, came = partial, recording.said(partial) + asr
            endpointer.hint(text)
        silent = endpointer.silent_since
        undecided = bool(
            asr is not None and silent and len(recording.text_until(silent)) > len(text)
        )
        for event in endpointer.push(activity, undecided=undecided):
            match event:
                case SpeechStarted() if found:  # the turn was not over
                    found[-1] = replace(found[-1], goes_on=now)
                    endpointer.hint(text)
                case SpeechStopped():
                    stopped, came = True, max(came, now)
                case SpeechResumed():
                    stopped = False
                    speculation.drop()
                case TurnEnded():
                    stopped = False
                    guess = speculation.release(text) if speculative else None
                    speculation.drop()
                    begun += not guess
                    found.append(End(now, guess.work if guess else now))
        if stopped and speculative and speculation.wants(text):
            speculation.drop()
            speculation.hold(text, came)
            begun += 1
    return found, begun


@dataclass(frozen=True)
class Outcome:
    """How one utterance was answered.

    Attributes:
        delay: seconds from the caller's last audible sample to the answer's first.
        cut_off: whether the agent was heard in a pause inside the utterance.
    """

    delay: float
    cut_off: bool


def outcome(recording: Recording, found: Sequence[End], reply: Callable[[], float]) -> Outcome:
    """Judge one utterance.

    An answer that is not heard yet when the caller goes on is taken back; one that is heard
    before that is known has cut the caller off.
    """
    cut_off = False
    for end in found[:-1]:
        heard = end.answered(reply())
        cut_off = cut_off or end.goes_on is None or heard < end.goes_on
    return Outcome(found[-1].answered(reply()) - recording.parts[-1].end, cut_off)
