from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicekit.standin.engines import FRAME, Activity
from voicekit.standin.engines.endpointing import (
    EAGERNESS,
    Endpointer,
    Event,
    SpeechDismissed,
    SpeechEnded,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    SpeechSuspected,
)

LOUD, QUIET = 0.9, 0.05


def run(
    endpointer: Endpointer, likely: Iterable[float], agent_talks: bool = False
) -> list[tuple[float, Event]]:
    """Events with the time at which they were known, the end of a frame."""
    return [
        ((number + 1) * FRAME, event)
        for number, probability in enumerate(likely)
        for event in endpointer.push(Activity(number * FRAME, probability, -30.0), agent_talks)
    ]


def frames(seconds: float, likely: float) -> list[float]:
    return [likely] * round(seconds / FRAME)


def kinds(events: list[tuple[float, Event]]) -> list[type[Event]]:
    return [type(event) for _, event in events]


@pytest.mark.parametrize("eagerness", EAGERNESS)
def test_a_turn_ends_after_its_eagernesss_silence(eagerness: str) -> None:
    events = run(
        Endpointer(eagerness), frames(0.32, QUIET) + frames(0.96, LOUD) + frames(2.56, QUIET)
    )
    assert kinds(events) == [SpeechSuspected, SpeechStarted, SpeechPaused, SpeechEnded]
    known, ended = events[-1]
    assert ended.at == pytest.approx(1.28)
    hangover = EAGERNESS[eagerness].hangover
    assert hangover <= known - ended.at < hangover + FRAME
    assert events[0][1].at == events[1][1].at == pytest.approx(0.32)


def test_a_pause_is_told_early_and_taken_back() -> None:
    events = run(
        Endpointer("normal"),
        frames(0.64, LOUD) + frames(0.32, QUIET) + frames(0.64, LOUD) + frames(0.96, QUIET),
    )
    assert kinds(events) == [
        SpeechSuspected, SpeechStarted, SpeechPaused, SpeechResumed, SpeechPaused, SpeechEnded,
    ]  # fmt: skip
    assert events[2][0] - events[2][1].at <= 0.13 + FRAME


def test_speech_is_over_where_it_fades_even_while_it_still_seems_likely() -> None:
    def ends(level_after: float) -> float:
        endpointer = Endpointer("eager")
        voice = [Activity(n * FRAME, LOUD, -26.0) for n in range(20)]
        after = [Activity((20 + n) * FRAME, LOUD, level_after) for n in range(3)]
        quiet = [Activity((23 + n) * FRAME, QUIET, level_after) for n in range(20)]
        events = [e for a in (*voice, *after, *quiet) for e in endpointer.push(a)]
        return next(e.at for e in events if isinstance(e, SpeechEnded))

    assert ends(-65.0) == pytest.approx(20 * FRAME)
    assert ends(-45.0) == pytest.approx(23 * FRAME), "in a noisy room the likelihood decides alone"


def test_a_click_is_dismissed() -> None:
    assert kinds(run(Endpointer(), [LOUD, *frames(0.64, QUIET)])) == [
        SpeechSuspected,
        SpeechDismissed,
    ]


@pytest.mark.parametrize("eagerness", ["eager", "normal"])
def test_an_interruption_is_known_within_a_tenth_of_a_second(eagerness: str) -> None:
    events = run(Endpointer(eagerness), frames(0.64, LOUD), agent_talks=True)
    known, started = next(pair for pair in events if isinstance(pair[1], SpeechStarted))
    assert known - started.at <= 0.1


def test_echo_of_the_agent_does_not_interrupt_it() -> None:
    assert run(Endpointer("eager"), frames(3.2, 0.7), agent_talks=True) == []
    assert run(Endpointer("eager"), frames(3.2, 0.7)) != []


def test_the_patient_setting_talks_on_through_a_cough_and_a_murmur() -> None:
    cough = frames(0.32, LOUD) + frames(0.64, QUIET)
    assert SpeechStarted not in kinds(run(Endpointer("patient"), cough, agent_talks=True))
    murmuring = Endpointer("patient")
    run(murmuring, [LOUD], agent_talks=True)
    murmuring.hint("mm-hm yeah")
    assert run(murmuring, frames(0.8, LOUD), agent_talks=True) == []
    murmuring.hint("mm-hm yeah but wait")
    assert kinds(run(murmuring, [LOUD], agent_talks=True)) == [SpeechStarted]


@pytest.mark.parametrize(
    ("words", "longer"),
    [
        ("my order number is", True),
        ("I want to return it and", True),
        ("it is um", True),
        ("where is my order number 42", True),
        ("where is my parcel", False),
        ("A-1042", False),
    ],
)
def test_unfinished_words_buy_time(words: str, longer: bool) -> None:
    endpointer = Endpointer("eager")
    run(endpointer, frames(0.64, LOUD))
    endpointer.hint(words)
    quiet = [Activity(0.64 + i * FRAME, QUIET, -60.0) for i in range(15)]
    ended = any(isinstance(e, SpeechEnded) for a in quiet for e in endpointer.push(a))
    assert ended is not longer


@given(st.lists(st.sampled_from([0.0, 0.4, 0.6, 0.95]), max_size=200), st.booleans())
def test_events_come_in_the_order_of_the_drawing(likely: list[float], agent_talks: bool) -> None:
    after: dict[type[Event] | None, set[type[Event]]] = {
        None: {SpeechSuspected},
        SpeechSuspected: {SpeechStarted, SpeechDismissed},
        SpeechDismissed: {SpeechSuspected},
        SpeechStarted: {SpeechPaused},
        SpeechPaused: {SpeechResumed, SpeechEnded},
        SpeechResumed: {SpeechPaused},
        SpeechEnded: {SpeechSuspected},
    }
    seen = kinds(run(Endpointer("eager"), likely, agent_talks))
    assert all(two in after[one] for one, two in itertools.pairwise([None, *seen]))


def test_a_turn_does_not_end_before_its_words_are_known() -> None:
    endpointer = Endpointer("eager")
    run(endpointer, frames(0.64, LOUD))
    quiet = [Activity(0.64 + i * FRAME, QUIET, -60.0) for i in range(15)]
    early = [event for a in quiet for event in endpointer.push(a, undecided=True)]
    assert [type(event) for event in early] == [SpeechPaused]
    endpointer.hint("where is my parcel")
    late = endpointer.decided()
    assert late == [SpeechEnded(pytest.approx(0.64), awaited=pytest.approx(8 * FRAME))]
    assert endpointer.decided() == []
