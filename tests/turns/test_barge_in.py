from __future__ import annotations

import numpy as np
import pytest

from voicekit.turns import FRAME, Activity, BargeIn, Interruption, resume_at

RATE = 24000
CHANCE = np.random.default_rng(3)


def sound(seconds: float, dbfs: float) -> np.ndarray:
    amplitude = 32768 * 10 ** (dbfs / 20)
    return CHANCE.normal(0, amplitude, round(seconds * RATE)).astype("<i2")


def frames(begin: float, seconds: float, level: float) -> list[Activity]:
    return [Activity(begin + n * FRAME, 0.99, level) for n in range(round(seconds / FRAME))]


def test_the_agents_own_voice_from_the_loudspeaker_is_no_caller() -> None:
    barge_in = BargeIn()
    barge_in.play(sound(20.0, -20.0), RATE, 0.0)
    assert not any(map(barge_in.is_caller, frames(0.2, 20.0, -40.0)))


def test_a_caller_is_heard_over_the_echo() -> None:
    barge_in = BargeIn()
    barge_in.play(sound(20.0, -20.0), RATE, 0.0)
    assert not any(map(barge_in.is_caller, frames(0.2, 2.0, -40.0)))
    assert all(map(barge_in.is_caller, frames(2.2, 2.0, -24.0)))


def test_a_quiet_caller_with_a_headset_is_heard_once_it_is_known_that_nothing_echoes() -> None:
    barge_in = BargeIn()
    barge_in.play(sound(20.0, -20.0), RATE, 0.0)
    assert not any(map(barge_in.is_caller, frames(0.0, 8.0, -70.0)))
    assert all(map(barge_in.is_caller, frames(8.0, 1.0, -38.0)))


def test_without_its_sound_the_likelihood_decides() -> None:
    assert BargeIn().is_caller(Activity(0.0, 0.85, -60.0))
    assert not BargeIn().is_caller(Activity(0.0, 0.7, -20.0))


def test_an_echo_is_late_and_then_over() -> None:
    barge_in = BargeIn()
    barge_in.play(sound(1.0, -20.0), RATE, 5.0)
    assert not barge_in.echoes(4.0)
    assert barge_in.echoes(5.5)
    assert barge_in.echoes(6.0 + barge_in.DELAY - FRAME)
    assert not barge_in.echoes(6.0 + barge_in.DELAY + 3 * FRAME)
    assert barge_in.is_caller(Activity(7.0, 0.99, -50.0))


def test_what_was_to_follow_is_forgotten_when_the_agent_stops() -> None:
    barge_in = BargeIn()
    barge_in.play(sound(2.0, -20.0), RATE, 0.0)
    barge_in.play(sound(2.0, -20.0), RATE)  # behind the first
    assert barge_in.echoes(3.9)
    barge_in.stop(1.0)
    assert not barge_in.echoes(2.0)


@pytest.mark.parametrize(
    ("spoken", "words", "verdict"),
    [
        (0.032, "", "wait"),
        (0.096, "", "hold"),
        (0.6, "", "interrupt"),
        (0.6, "mm-hm", "hold"),
        (1.2, "mm-hm yeah right okay", "interrupt"),
        (0.064, "hang on", "interrupt"),
    ],
)
def test_time_and_words_interrupt(spoken: float, words: str, verdict: str) -> None:
    assert BargeIn(Interruption(hold=0.09)).verdict(spoken, words) == verdict


WORDS = [("Your", 0.0, 0.2), ("order", 0.25, 0.6), ("left.", 0.65, 1.0)]


@pytest.mark.parametrize(
    ("played", "at"), [(0.0, 0.0), (0.1, 0.0), (0.22, 0.25), (0.4, 0.25), (0.65, 0.65), (1.2, 1.2)]
)
def test_a_false_interruption_goes_on_at_the_word_that_was_cut(played: float, at: float) -> None:
    assert resume_at(WORDS, played) == at


def test_without_words_it_begins_anew() -> None:
    assert resume_at([], 0.7) == 0.0
