"""The pace of the speaker that makes no sound: where each sample lies in time."""

from __future__ import annotations

import pytest
from fake_agent import tone
from virtual_time import VirtualClock

from voicekit.conversation.clip_speaker import ClipSpeaker

RATE = 16_000


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def speaker(clock: VirtualClock) -> ClipSpeaker:
    return ClipSpeaker(RATE, clock)


def test_what_comes_at_once_is_heard_at_the_pace_of_time(speaker, clock):
    clock.time = 1.0
    for _ in range(4):
        speaker.play(tone(0.5))
    played = []
    for clock.time in (1.0, 1.25, 2.0, 9.0):
        played.append(speaker.played)
    assert played == [0, 0.25, 1.0, 2.0]
    assert speaker.end == 3.0


def test_what_comes_late_leaves_a_gap(speaker, clock):
    speaker.play(tone(0.5))
    clock.time = 1.9
    assert speaker.played == 0.5
    clock.time = 2.0
    speaker.play(tone(0.5))
    clock.time = 9.0
    assert [round(span.start) for span in speaker.newest(pause=0.3)] == [2, 0]


def test_an_interruption_cuts_where_the_listener_is(speaker, clock):
    speaker.play(tone(2.0))
    clock.time = 0.75
    assert speaker.pending == 1.25
    speaker.interrupt()
    assert speaker.pending == 0
    clock.time = 1.0
    speaker.play(tone(0.5))
    clock.time = 9.0
    assert speaker.clip().pcm == tone(2.0)[: 2 * 12_000] + tone(0.5)
    assert speaker.clip(0.75).pcm == tone(0.5)
    assert speaker.played == 1.25


def test_an_interruption_of_silence_drops_nothing(speaker, clock):
    speaker.play(tone(0.5))
    clock.time = 3.0
    speaker.interrupt()
    assert speaker.played == 0.5


def test_what_is_not_heard_yet_is_in_no_clip(speaker, clock):
    speaker.play(tone(2.0))
    clock.time = 0.5
    assert speaker.clip().seconds == 0.5


def test_a_clip_begins_where_it_is_asked_to_also_when_the_beginning_is_forgotten(clock):
    speaker = ClipSpeaker(RATE, clock, keep=1.0)
    for level in (4000, 6000, 8000):
        speaker.play(tone(0.5, level))
    clock.time = 9.0
    assert speaker.clip(1.0).pcm == tone(0.5, 8000)


def test_a_sample_may_be_split_between_two_chunks(speaker, clock):
    speaker.play(tone(0.5)[:1001])
    speaker.play(tone(0.5)[1001:])
    clock.time = 9.0
    assert speaker.clip().pcm == tone(0.5)
