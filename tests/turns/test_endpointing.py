from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicekit.turns import (
    EAGERNESS,
    FRAME,
    Activity,
    AgentHeld,
    BargeIn,
    Eagerness,
    Endpointer,
    Event,
    Interruption,
    SpeechDismissed,
    SpeechResumed,
    SpeechStarted,
    SpeechStopped,
    SpeechSuspected,
    Thresholds,
    TurnEnded,
)

LOUD, QUIET = 0.9, 0.05


def run(
    endpointer: Endpointer, likely: Iterable[float], agent_talks: bool = False, level: float = -30.0
) -> list[tuple[float, Event]]:
    """Events with the time at which they were known, the end of a frame."""
    return [
        ((number + 1) * FRAME, event)
        for number, probability in enumerate(likely)
        for event in endpointer.push(Activity(number * FRAME, probability, level), agent_talks)
    ]


def frames(seconds: float, likely: float) -> list[float]:
    return [likely] * round(seconds / FRAME)


def kinds(events: list[tuple[float, Event]]) -> list[type[Event]]:
    return [type(event) for _, event in events]


def quiet(seconds: float, at: float = 0.64) -> list[Activity]:
    return [Activity(at + n * FRAME, QUIET, -60.0) for n in range(round(seconds / FRAME))]


@pytest.mark.parametrize("eagerness", EAGERNESS)
def test_a_turn_ends_after_its_eagernesss_silence(eagerness: str) -> None:
    events = run(
        Endpointer(eagerness), frames(0.32, QUIET) + frames(0.96, LOUD) + frames(2.56, QUIET)
    )
    assert kinds(events) == [SpeechSuspected, SpeechStarted, SpeechStopped, TurnEnded]
    known, ended = events[-1]
    assert ended.at == pytest.approx(1.28)
    hangover = EAGERNESS[eagerness].finished
    assert hangover <= known - ended.at < hangover + FRAME
    assert events[0][1].at == events[1][1].at == pytest.approx(0.32)


def test_a_pause_is_told_early_and_taken_back() -> None:
    events = run(
        Endpointer("normal"),
        frames(0.64, LOUD) + frames(0.32, QUIET) + frames(0.64, LOUD) + frames(0.96, QUIET),
    )
    assert kinds(events) == [
        SpeechSuspected, SpeechStarted, SpeechStopped, SpeechResumed, SpeechStopped, TurnEnded,
    ]  # fmt: skip
    assert events[2][0] - events[2][1].at <= 0.13 + FRAME


def test_speech_begins_at_one_likelihood_and_goes_on_at_a_lower_one() -> None:
    assert run(Endpointer(), frames(0.64, 0.45)) == []
    events = run(Endpointer("eager"), [*frames(0.32, 0.6), *frames(0.64, 0.4), *frames(0.4, 0.3)])
    assert events[-1][1] == TurnEnded(pytest.approx(0.96))


def test_speech_is_over_where_it_fades_even_while_it_still_seems_likely() -> None:
    def ends(level_after: float) -> float:
        endpointer = Endpointer("eager")
        voice = [Activity(n * FRAME, LOUD, -26.0) for n in range(20)]
        after = [Activity((20 + n) * FRAME, LOUD, level_after) for n in range(3)]
        silence = [Activity((23 + n) * FRAME, QUIET, level_after) for n in range(20)]
        events = [e for a in (*voice, *after, *silence) for e in endpointer.push(a)]
        return next(e.at for e in events if isinstance(e, TurnEnded))

    assert ends(-65.0) == pytest.approx(20 * FRAME)
    assert ends(-45.0) == pytest.approx(23 * FRAME), "in a noisy room the likelihood decides alone"


def test_a_click_is_dismissed() -> None:
    assert kinds(run(Endpointer(), [LOUD, *frames(0.64, QUIET)])) == [
        SpeechSuspected,
        SpeechDismissed,
    ]


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("my order number is", "unfinished"),
        ("I want to return it and", "unfinished"),
        ("where is my order number 42", "unfinished"),
        ("hello", "open"),
        ("where is my parcel", "finished"),
        ("A-1042", "finished"),
    ],
)
def test_the_silence_that_ends_a_turn_depends_on_its_words(words: str, state: str) -> None:
    endpointer = Endpointer("eager")
    run(endpointer, frames(0.64, LOUD))
    endpointer.hint(words)
    (ended,) = [
        activity.end - event.at
        for activity in quiet(2.0)
        for event in endpointer.push(activity)
        if isinstance(event, TurnEnded)
    ]
    wanted = getattr(EAGERNESS["eager"], state)
    assert wanted <= ended < wanted + FRAME


def test_a_turn_does_not_end_before_its_words_are_known() -> None:
    endpointer = Endpointer("eager")
    run(endpointer, frames(0.64, LOUD))
    early = [event for a in quiet(0.48) for event in endpointer.push(a, undecided=True)]
    assert [type(event) for event in early] == [SpeechStopped]
    endpointer.hint("where is my parcel")
    late = endpointer.decide()
    assert late == [TurnEnded(pytest.approx(0.64), awaited=pytest.approx(8 * FRAME))]
    assert endpointer.decide() == []


def test_it_says_since_when_the_caller_is_silent() -> None:
    endpointer = Endpointer()
    assert (endpointer.began, endpointer.silent_since) == (None, None)
    run(endpointer, frames(0.64, LOUD))
    assert (endpointer.began, endpointer.silent_since) == (0.0, None)
    endpointer.push(quiet(0.1)[0])
    assert endpointer.silent_since == pytest.approx(0.64)


STOP_AT_ONCE = Interruption(after=0.09)
HOLD = Interruption(hold=0.09)


def talked_over(settings: Interruption | None = None) -> Endpointer:
    return Endpointer("eager", barge_in=BargeIn(settings))


def test_an_interruption_is_known_within_a_tenth_of_a_second() -> None:
    for settings, kind in ((STOP_AT_ONCE, SpeechStarted), (HOLD, AgentHeld)):
        events = run(talked_over(settings), frames(0.64, LOUD), agent_talks=True)
        known, event = next(pair for pair in events if isinstance(pair[1], kind))
        assert known - event.at <= 0.1


def test_what_an_echo_canceller_leaves_does_not_interrupt() -> None:
    assert run(talked_over(STOP_AT_ONCE), frames(3.2, 0.7), agent_talks=True) == []
    assert run(talked_over(STOP_AT_ONCE), frames(3.2, 0.7)) != []


def test_a_cough_holds_the_agent_and_gives_it_back() -> None:
    cough = frames(0.32, LOUD) + frames(0.64, QUIET)
    assert kinds(run(talked_over(), cough, agent_talks=True)) == [SpeechSuspected, SpeechDismissed]
    events = run(talked_over(HOLD), cough, agent_talks=True)
    assert kinds(events) == [SpeechSuspected, AgentHeld, SpeechDismissed]
    assert events[-1][1] == SpeechDismissed(pytest.approx(0.32), resumes=True)


def test_a_held_agent_is_silent_and_still_the_one_who_is_talked_over() -> None:
    endpointer = talked_over(HOLD)
    assert kinds(run(endpointer, frames(0.16, LOUD), agent_talks=True))[-1] is AgentHeld
    on = [Activity(0.16 + n * FRAME, LOUD, -30.0) for n in range(5)]
    assert [event for a in on for event in endpointer.push(a, agent_talks=False)] == []


def test_words_decide_sooner_than_time() -> None:
    endpointer = talked_over()
    run(endpointer, [LOUD], agent_talks=True)
    endpointer.hint("mm-hm yeah")
    assert run(endpointer, frames(0.8, LOUD), agent_talks=True) == []
    endpointer.hint("mm-hm yeah but wait")
    assert kinds(run(endpointer, [LOUD], agent_talks=True)) == [SpeechStarted]


def test_a_short_stop_is_obeyed_once_its_words_are_known() -> None:
    endpointer = talked_over(HOLD)
    run(endpointer, frames(0.32, LOUD), agent_talks=True)
    waiting = [e for a in quiet(0.48, 0.32) for e in endpointer.push(a, True, undecided=True)]
    assert waiting == [], "the words are still to come"
    endpointer.hint("stop")
    assert SpeechStarted in [type(event) for event in endpointer.decide()]


def test_an_answer_as_the_agent_ends_is_a_turn() -> None:
    endpointer = talked_over()
    over = [Activity(n * FRAME, LOUD, -30.0) for n in range(8)]
    assert all(not isinstance(e, SpeechStarted) for a in over for e in endpointer.push(a, True))
    assert [type(e) for e in endpointer.push(Activity(8 * FRAME, LOUD, -30.0))] == [SpeechStarted]


AFTER: dict[type[Event] | None, set[type[Event]]] = {
    None: {SpeechSuspected},
    SpeechSuspected: {AgentHeld, SpeechStarted, SpeechDismissed},
    AgentHeld: {SpeechStarted, SpeechDismissed},
    SpeechDismissed: {SpeechSuspected},
    SpeechStarted: {SpeechStopped},
    SpeechStopped: {SpeechResumed, TurnEnded},
    SpeechResumed: {SpeechStopped},
    TurnEnded: {SpeechSuspected},
}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.4, 0.6, 0.95]),
            st.booleans(),
            st.booleans(),
            st.sampled_from([None, None, "", "mm-hm", "stop it", "and"]),
        ),
        max_size=200,
    ),
    st.sampled_from([None, 0.09]),
)
def test_events_come_in_the_order_of_the_drawing(steps: list[Any], hold: float | None) -> None:
    endpointer = talked_over(Interruption(hold=hold))
    events: list[Event] = []
    for number, (probability, talks, undecided, words) in enumerate(steps):
        events += endpointer.push(Activity(number * FRAME, probability, -30.0), talks, undecided)
        if words is not None:
            endpointer.hint(words)
            events += endpointer.decide()
    seen = [None, *(type(event) for event in events)]
    assert all(two in AFTER[one] for one, two in itertools.pairwise(seen))
    resumed = [e for e in events if isinstance(e, SpeechDismissed) and e.resumes]
    assert (
        len(resumed)
        + sum(b is SpeechStarted for a, b in itertools.pairwise(seen) if a is AgentHeld)
        >= seen.count(AgentHeld) - 1
    ), "who holds the agent gives it back or takes the floor"
    assert all(event.at <= len(steps) * FRAME for event in events)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Endpointer("hasty"), "eager"),
        (lambda: Eagerness(finished=500), "write 0.5"),
        (lambda: Thresholds(start=0.4, stay=0.5), "stay"),
        (lambda: Interruption(after=0.3, hold=0.5), "hold"),
        (lambda: Interruption(start=80), "start"),
    ],
)
def test_a_mistaken_setting_is_refused_where_it_is_passed(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
