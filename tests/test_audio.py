import base64
import io
import itertools
import math
import re
import struct
import wave
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicekit.audio import Clip, frames
from voicekit.errors import AudioError

RATE = 16000


def sine(seconds: float = 1.0, amplitude: float = 0.5, rate: int = RATE) -> bytes:
    t = np.arange(int(seconds * rate)) / rate
    return (amplitude * 32767 * np.sin(2 * np.pi * 440 * t)).astype("<i2").tobytes()


def mp3_frame(second: int, third: int, length: int) -> bytes:
    return bytes([0xFF, second, third, 0]).ljust(length, b"\0")


def test_length_and_samples_follow_from_the_bytes():
    clip = Clip(struct.pack("<4h", 0, 1, -1, 32767), rate=4)
    assert clip.seconds == 1.0
    assert clip.samples.dtype == np.int16
    assert clip.samples.tolist() == [0, 1, -1, 32767]


def test_a_clip_and_its_samples_cannot_be_changed():
    clip = Clip(sine(), RATE)
    with pytest.raises(AttributeError):
        clip.rate = 8000
    with pytest.raises(ValueError, match="read-only"):
        clip.samples[0] = 1


@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
def test_chunks_may_end_anywhere(data, cuts):
    pcm = b"\0\0" + data[: len(data) // 2 * 2]
    edges = [0, *sorted(min(cut, len(pcm)) for cut in cuts), len(pcm)]
    chunks = (pcm[a:b] for a, b in itertools.pairwise(edges))
    assert Clip.from_chunks(chunks, RATE) == Clip(pcm, RATE)


def test_a_stream_that_breaks_off_within_a_sample_is_refused():
    with pytest.raises(AudioError, match="3 bytes end within a 16-bit sample"):
        Clip.from_chunks([b"\0\0", b"\0"], RATE)


def test_a_file_comes_back_as_it_was_saved(tmp_path):
    clip = Clip(sine(), RATE, "a tone")
    path = clip.save(tmp_path / "tone.wav")
    assert Clip.load(path, "a tone") == clip
    assert Clip.load(str(path)).pcm == clip.pcm
    assert path.read_bytes() == clip.wav()


@pytest.mark.parametrize(("channels", "width"), [(2, 2), (1, 1), (1, 3)])
def test_a_file_of_another_shape_is_refused_with_the_command_that_converts_it(
    tmp_path, channels, width
):
    path = tmp_path / "other.wav"
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(width)
        wav.setframerate(RATE)
        wav.writeframes(bytes(12 * channels * width))
    with pytest.raises(AudioError, match=rf"{channels} channel.*{8 * width} bits.*ffmpeg -i other"):
        Clip.load(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3\4 no wave", b"RIFF\4\0\0\0WAVX"])
def test_a_file_that_is_no_wave_is_refused(tmp_path, content):
    path = tmp_path / "broken.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"broken\.wav is not a plain PCM WAV file"):
        Clip.load(path)


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b"ID3\4\0\0\0\0\0\0", "MP3.*output_format='pcm_22050'"),
        (2 * mp3_frame(0xFB, 0x90, 417), "MP3"),  # mp3_44100_128, the vendor's default
        (mp3_frame(0xFB, 0x90, 417), "MP3"),
        (2 * mp3_frame(0xF3, 0x40, 104), "MP3"),  # mp3_22050_32
        (Clip(sine(), RATE).wav(), r"WAV.*Clip\.load"),
        (b"OggS\0\2", "Ogg.*Convert"),
        (b"fLaC\0\0", "FLAC.*Convert"),
    ],
)
def test_bytes_that_are_not_pcm_are_refused_with_advice(data, advice):
    with pytest.raises(AudioError, match=advice):
        Clip(data, 22050)


def test_soft_samples_that_look_like_an_mp3_sync_word_are_pcm():
    for low in range(0xE0, 0x100):
        pcm = bytes([0xFF, low, 0x90, 0x00]) * 300
        assert Clip(pcm, RATE).pcm == pcm


@pytest.mark.parametrize("rate", [0, -8000])
def test_a_rate_that_makes_no_sound_is_refused(rate):
    with pytest.raises(AudioError, match="try 22050"):
        Clip(b"", rate)


def test_level_is_the_root_mean_square_against_full_scale():
    assert Clip(sine(amplitude=1.0), RATE).level == pytest.approx(-3.01, abs=0.01)
    assert Clip(sine(amplitude=0.1), RATE).level == pytest.approx(-23.01, abs=0.01)
    assert Clip(struct.pack("<h", -32768) * 100, RATE).level == 0.0


@pytest.mark.parametrize("pcm", [b"", bytes(3200)])
def test_silence_has_no_level_and_no_onset(pcm):
    clip = Clip(pcm, RATE)
    assert clip.level == -math.inf
    assert clip.onset() is None


def test_the_onset_is_where_the_first_sample_reaches_the_threshold():
    clip = Clip(bytes(2 * 4000), RATE) + Clip(struct.pack("<h", -32768) * 10, RATE)
    assert clip.onset() == 0.25
    soft = Clip(bytes(2 * 1600) + struct.pack("<h", 33) * 10, RATE)  # -59.9 dBFS
    assert soft.onset() is None
    assert soft.onset(threshold=-60) == 0.1


def test_the_head_is_short_and_says_so():
    clip = Clip(sine(3.0), RATE, "hello there")
    assert clip.head(2).seconds == 2.0
    assert clip.head(2).text == "hello there (first 2 s)"
    assert clip.head(0.5).pcm == clip.pcm[:RATE]
    assert clip.head(0).pcm == b""
    assert clip.head(3) is clip
    assert Clip(sine(3.0), RATE).head(2).text == ""


def test_clips_add_up_with_their_texts():
    first, second = Clip(b"\1\0", RATE, "one"), Clip(b"\2\0", RATE, "two")
    assert first + second == Clip(b"\1\0\2\0", RATE, "one two")
    with pytest.raises(AudioError, match="16000 and 8000 Hz"):
        first + Clip(b"", 8000)
    with pytest.raises(TypeError):
        first + b"\0\0"


def test_the_repr_is_one_stable_line():
    assert repr(Clip(sine(1.534, 0.125, 22050), 22050)) == "<Clip 1.53 s, 22050 Hz, -21 dBFS>"
    assert repr(Clip(b"", RATE)) == "<Clip 0.00 s, 16000 Hz, silent>"
    assert repr(Clip(struct.pack("<h", 32767), RATE)) == "<Clip 0.00 s, 16000 Hz, 0 dBFS>"


class Tags(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: dict[str, dict[str, str | None]] = {}
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = dict(attrs)

    def handle_data(self, data):
        self.text += data


def test_the_player_holds_the_whole_sound_in_its_own_src():
    clip = Clip(sine(0.1), RATE, "hi")
    page = Tags(clip._repr_html_())
    assert "source" not in page.tags
    prefix, data = page.tags["audio"]["src"].split(",")
    assert prefix == "data:audio/wav;base64"
    with wave.open(io.BytesIO(base64.b64decode(data))) as wav:
        assert wav.readframes(wav.getnframes()) == clip.pcm


def test_the_player_has_controls_and_does_not_start_by_itself():
    audio = Tags(Clip(sine(0.1), RATE)._repr_html_()).tags["audio"]
    assert "controls" in audio
    assert "autoplay" not in audio


def test_the_transcript_is_escaped_visible_and_the_players_name():
    text = '<b onclick="x">5 & "6"</b>'
    source = Clip(sine(0.1), RATE, text)._repr_html_()
    page = Tags(source)
    assert "<b " not in source
    assert page.text.startswith(text)
    assert page.tags["audio"]["aria-label"] == page.tags["audio"]["title"] == text


def test_a_player_without_a_transcript_is_named_by_its_facts():
    page = Tags(Clip(bytes(3200), RATE)._repr_html_())
    assert page.tags["audio"]["aria-label"] == "Audio, 0.10 s, 16000 Hz, silent"
    assert page.text == "0.10 s, 16000 Hz, silent"


def test_the_player_uses_only_what_jupyterlab_keeps_in_an_untrusted_notebook():
    # @jupyterlab/apputils 4.6, sanitizer.ts: tags, and attributes of <audio> and of any tag.
    kept = {"controls", "preload", "src", "style", "title"}
    page = Tags(Clip(sine(0.1), RATE, "hi")._repr_html_())
    assert set(page.tags) == {"figure", "audio", "figcaption", "br", "small"}
    assert set(page.tags["audio"]) - {"aria-label"} <= kept
    assert re.fullmatch(r"\s*margin: 0\s*", page.tags["figure"]["style"])


def test_frames_are_equal_and_the_last_is_filled_with_silence():
    pcm = bytes(range(1, 11))
    assert list(frames(pcm, rate=100, seconds=0.02)) == [b"\1\2\3\4", b"\5\6\7\10", b"\t\n\0\0"]
    assert list(frames(b"", RATE, 0.02)) == []


def test_dollar_amounts_are_not_typeset_as_a_formula():
    page = Clip(b"\0\0", 8000, "$5 or $6")._repr_html_()
    caption = page.partition("<figcaption>")[2]
    assert "<span>$</span>5 or <span>$</span>6" in caption


def test_what_is_stored_in_a_notebook_can_be_bounded(monkeypatch):
    clip = Clip(bytes(2 * 8000), 8000, "One second.")
    monkeypatch.delenv("VOICEKIT_STORED_SECONDS", raising=False)
    whole = clip._repr_html_()
    monkeypatch.setenv("VOICEKIT_STORED_SECONDS", "0.5")
    assert len(clip._repr_html_()) < len(whole) / 1.8
    assert "(first 0.5 s)" in clip._repr_html_()
    assert clip.seconds == 1.0
