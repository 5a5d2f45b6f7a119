from __future__ import annotations

import numpy as np
import pytest

from voicekit.turns import (
    FRAME,
    Energy,
    SpeechStarted,
    SpeechStopped,
    SpeechSuspected,
    TurnDetector,
    TurnEnded,
)

CHANCE = np.random.default_rng(5)


def noise(seconds: float, dbfs: float, rate: int = 16000) -> np.ndarray:
    return CHANCE.normal(0, 32768 * 10 ** (dbfs / 20), round(seconds * rate)).astype("<i2")


def talk(rate: int = 16000) -> np.ndarray:
    parts = [(1.0, -65.0), (0.8, -20.0), (1.0, -65.0), (0.6, -20.0), (1.5, -65.0)]
    return np.concatenate([noise(seconds, dbfs, rate) for seconds, dbfs in parts])


def events_of(sound: np.ndarray, piece: int, rate: int = 16000) -> list:
    detector = TurnDetector(Energy(), sample_rate=rate)
    return [
        event
        for at in range(0, sound.size, piece)
        for event in detector.push(sound[at : at + piece])
    ]


def test_two_turns_are_cut_out_whatever_the_pieces() -> None:
    sound = talk()
    events = events_of(sound, 320)
    cycle = [SpeechSuspected, SpeechStarted, SpeechStopped, TurnEnded]
    assert [type(event) for event in events] == 2 * cycle
    assert [event.at for event in events_of(sound, 4000)] == [event.at for event in events]
    ends = [event.at for event in events if isinstance(event, TurnEnded)]
    assert ends == [pytest.approx(1.8, abs=FRAME), pytest.approx(3.4, abs=FRAME)]


@pytest.mark.parametrize("rate", [16000, 48000])
def test_the_pre_roll_is_the_sound_from_before_the_beginning_until_now(rate: int) -> None:
    pytest.importorskip("soxr")
    sound, detector, pushed = talk(rate), TurnDetector(Energy(), sample_rate=rate), 0
    began = {}
    for at in range(0, sound.size, rate // 50):
        pushed += sound[at : at + rate // 50].size
        for event in detector.push(sound[at : at + rate // 50]):
            if isinstance(event, SpeechSuspected | SpeechStarted):
                first = round((event.at - 0.3) * rate)
                assert event.pre_roll == sound[first:pushed].tobytes()
                began[type(event)] = event.at
    assert len(began) == 2


def test_an_hour_of_silence_keeps_a_moment() -> None:
    detector = TurnDetector(Energy())
    for _ in range(60):
        detector.push(noise(1.0, -65.0))
    assert len(detector._sound) <= 2 * 16000 * 0.4
    assert detector.now == pytest.approx(60, abs=FRAME)
    assert not detector.speaking


def test_the_agents_sound_from_the_loudspeaker_is_no_turn() -> None:
    detector = TurnDetector(Energy())
    detector.push(noise(1.0, -65.0))
    agent = noise(6.0, -20.0)
    echo = (agent / 10 + noise(6.0, -65.0)).astype("<i2")
    seen = []
    for at in range(0, agent.size, 320):
        detector.play(agent[at : at + 320], 16000)
        seen += detector.push(echo[at : at + 320], agent_talks=True)
    seen += detector.push(noise(1.0, -65.0))
    assert seen == []


def test_an_answer_that_comes_faster_than_it_plays_is_noted_in_its_order() -> None:
    detector = TurnDetector(Energy())
    detector.push(noise(1.0, -65.0))
    agent = noise(4.0, -20.0)
    for at in range(0, agent.size, 8000):
        detector.play(agent[at : at + 8000], 16000)  # all of it before a second has passed
    echo = (agent / 10 + noise(4.0, -65.0)).astype("<i2")
    assert detector.push(echo, agent_talks=True) == []
    detector.play(noise(9.0, -20.0), 16000)
    detector.stop_playing()
    detector.push(noise(1.0, -65.0))
    assert SpeechStarted in [type(event) for event in detector.push(noise(1.0, -38.0))]


def test_a_mistaken_pre_roll_is_refused() -> None:
    with pytest.raises(ValueError, match=r"write 0\.3"):
        TurnDetector(Energy(), pre_roll=300)
