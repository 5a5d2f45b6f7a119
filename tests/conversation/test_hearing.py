import pytest
from fake_agent import tone

from voicekit import Timeline
from voicekit.conversation import tape
from voicekit.conversation.hearing import Hearing

RATE = 16_000
SILENCE = bytes(2 * 1600)
SOUND = tone(0.1)


def frames(hearing, pieces, *, at=100.0, late=lambda _seq: 0.005):
    """One frame of 0.1 s after the other; the first is spoken from `at` on."""
    for seq, pcm in enumerate(pieces):
        hearing.frame(pcm, seq, at + 0.1 * (seq + 1) + late(seq))


def turns(hearing, latency=0.0, last=None):
    return tape.turns(*hearing.spans(latency), lambda: Timeline(lambda: 0.0), last)


def ends(hearing):
    """When each of the caller's stretches ended."""
    return [turn.marks["speech_end"] for turn in turns(hearing)]


def test_the_quickest_frame_tells_the_time_however_late_the_others_are():
    hearing = Hearing(RATE, 60)
    pieces = [SILENCE] * 5 + [SOUND] * 5 + [SILENCE] * 5
    frames(hearing, pieces, late=lambda seq: 0.005 if seq == 11 else 0.3)
    assert ends(hearing) == pytest.approx([101.005], abs=0.003)


def test_a_lost_frame_leaves_a_gap_and_shifts_nothing():
    hearing = Hearing(RATE, 60)
    frames(hearing, [SOUND] * 3)
    hearing.frame(SOUND, 20, 102.105)
    assert ends(hearing) == pytest.approx([100.305, 102.105], abs=0.003)


def test_a_microphone_that_was_started_again_goes_on_in_time():
    hearing = Hearing(RATE, 60)
    frames(hearing, [SOUND] * 3)
    frames(hearing, [SILENCE, SOUND], at=110.0)
    assert ends(hearing) == pytest.approx([100.305, 110.205], abs=0.003)


def test_a_microphone_that_was_started_again_at_once_loses_nothing():
    hearing = Hearing(RATE, 60)
    frames(hearing, [SOUND] * 3, late=lambda _seq: 0.5)
    frames(hearing, [SOUND] * 3, at=100.3)  # its frames come before those would have ended
    assert hearing.sent().pcm == 6 * SOUND
    hearing.frame(SOUND, 10, 101.405)  # seven were lost
    assert len(ends(hearing)) == 2


def test_what_was_played_lies_where_the_reports_say():
    hearing = Hearing(RATE, 60, played=1000)  # of an earlier conversation
    frames(hearing, [SOUND], at=59.8)
    frames(hearing, [SOUND], at=69.9)
    sound = bytes(2000) + 3 * SOUND
    for at, seconds in ((60.1, 0.1), (60.2, 0.2), (70.1, 0.3)):
        hearing.played(
            1000 + round(seconds * RATE), at, lambda start, end: sound[2 * start : 2 * end]
        )
    first, second = turns(hearing, latency=0.04)
    assert first.marks["audible"] == pytest.approx(60.04, abs=0.003)
    assert second.marks["audible"] == pytest.approx(70.04, abs=0.003)
    (newest,) = turns(hearing, latency=0.04, last=1)
    assert newest.marks == second.marks


def test_nothing_was_heard_before_anything_was_played():
    hearing = Hearing(RATE, 60)
    assert turns(hearing) == []
    frames(hearing, [SOUND])
    (turn,) = turns(hearing)
    assert not turn.answered
