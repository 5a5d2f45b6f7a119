import pytest
from fake_agent import tone

from voicekit import Clip
from voicekit.agent_audio.hearing import Hearing

RATE = 16_000
SILENCE = bytes(2 * 1600)
SOUND = tone(0.1)


def frames(hearing, pieces, *, at=100.0, late=lambda _seq: 0.005):
    """One frame of 0.1 s after the other; the first is spoken from `at` on."""
    for seq, pcm in enumerate(pieces):
        hearing.frame(pcm, seq, at + 0.1 * (seq + 1) + late(seq))


def test_the_quickest_frame_tells_the_time_however_late_the_others_are():
    hearing = Hearing(RATE, 60)
    pieces = [SILENCE] * 5 + [SOUND] * 5 + [SILENCE] * 5
    frames(hearing, pieces, late=lambda seq: 0.005 if seq == 11 else 0.3)
    (span,) = hearing.caller_spans(pause=0.5)
    assert span == pytest.approx((100.505, 101.005), abs=0.003)


def test_a_lost_frame_leaves_a_gap_and_shifts_nothing():
    hearing = Hearing(RATE, 60)
    frames(hearing, [SOUND] * 3)
    hearing.frame(SOUND, 20, 102.105)
    starts = [span.start for span in hearing.caller_spans(pause=0.5)]
    assert starts == pytest.approx([100.005, 102.005], abs=0.003)


def test_a_microphone_that_was_started_again_goes_on_in_time():
    hearing = Hearing(RATE, 60)
    frames(hearing, [SOUND] * 3)
    frames(hearing, [SILENCE, SOUND], at=110.0)
    assert [round(s.start, 1) for s in hearing.caller_spans(pause=0.5)] == [100.0, 110.1]


def test_what_was_played_lies_where_the_reports_say():
    hearing = Hearing(RATE, 60)
    hearing.played(1000, 50.0)  # of an earlier conversation
    for at, seconds in ((60.1, 0.1), (60.2, 0.2), (70.1, 0.3)):
        hearing.played(1000 + round(seconds * RATE), at)
    clip = Clip(bytes(2000) + 3 * SOUND, RATE)
    first, second = hearing.agent_spans(clip, 1000 + 4800, latency=0.04, pause=0.3)
    assert first == pytest.approx((60.04, 60.24), abs=0.003)
    assert second == pytest.approx((70.04, 70.14), abs=0.003)


def test_nothing_was_heard_before_anything_was_played():
    assert Hearing(RATE, 60).agent_spans(Clip(b"", RATE), 0, 0.0, 0.3) == []
    assert Hearing(RATE, 60).caller_spans(pause=0.5) == []
