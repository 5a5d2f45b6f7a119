import numpy as np
import pytest
from fake_agent import tone

from voicekit import Clip
from voicekit.conversation.track import Track, load
from voicekit.errors import AudioError

RATE = 16_000


def test_the_room_is_never_exactly_silent_and_always_the_same():
    first, again, other = Track(), Track(), Track(seed=1)
    floor = first.read(RATE)
    assert Clip(floor, RATE).level == pytest.approx(-65, abs=0.5)
    assert again.read(RATE) == floor != other.read(RATE)


def test_the_size_of_the_blocks_does_not_change_the_sound():
    clip = Clip(tone(0.35), RATE)
    whole, pieces = Track(), Track()
    for track in (whole, pieces):
        track.say(clip, 0.123)
    assert whole.read(9600) == b"".join(pieces.read(count) for count in (1, 999, 7000, 1600))


def test_a_clip_is_where_it_was_said_bit_by_bit():
    track = Track(noise=None)
    assert track.say(Clip(tone(0.2), RATE), 0.1) == 0.1
    assert track.read(RATE)[: 2 * 4800] == bytes(2 * 1600) + tone(0.2)


def test_clips_follow_one_another_and_never_begin_in_the_past():
    track = Track(noise=None)
    assert track.say(Clip(tone(0.2), RATE)) == 0.0
    assert track.say(Clip(tone(0.2), RATE)) == 0.2
    track.read(RATE)
    assert track.say(Clip(tone(0.2), RATE), 0.5) == 1.0


def test_a_clip_sounds_the_same_whenever_it_is_said():
    track = Track(frame=512)
    heard = []
    for at in (0.013, 0.9, 1.777):
        begin = track.say(Clip(tone(0.35), RATE), at)
        assert 0 <= begin - at < 0.032
        begin = round(begin * RATE)
        assert begin % 512 == 0
        track.read(begin - 100 - track.position)  # the block in which it begins begins before
        heard.append(track.read(8000)[200:])
    assert heard[0] == heard[1] == heard[2]


def test_hush_breaks_off_in_the_middle():
    track = Track(noise=None)
    track.say(Clip(tone(1.0), RATE))
    track.read(4000)
    track.hush()
    assert track.end == 4000
    assert not np.frombuffer(track.read(RATE), "<i2").any()


def test_loud_sound_over_noise_is_clipped_and_does_not_wrap():
    track = Track(noise=-20)
    track.say(Clip(tone(0.5, level=32767), RATE))
    samples = np.frombuffer(track.read(8000), "<i2")
    assert samples.max() == 32767
    assert np.abs(np.diff(samples.astype(int))).max() < 40_000


def test_another_rate_is_refused_with_what_to_do():
    with pytest.raises(AudioError, match="pcm_16000"):
        Track().say(Clip(tone(0.1), 22_050))


def test_files_and_clips_may_be_given(tmp_path):
    clip = Clip(tone(0.1), RATE)
    path = clip.save(tmp_path / "hello.wav")
    assert load(path) == load(str(path)) == load(clip) == [clip]
    assert load([clip, path]) == [clip, clip]
