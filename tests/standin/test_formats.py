from __future__ import annotations

import io
import sys
import warnings

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from voicekit.errors import EngineError
from voicekit.standin.speech.formats import KNOWN, UnknownFormat, encoder

RATE = 22050
MP3 = [name for name in KNOWN if name.startswith("mp3_")]
LINEAR = [name for name in KNOWN if name.startswith(("pcm_", "wav_"))]


def tone(seconds: float = 1.0, frequency: float = 440.0) -> bytes:
    at = np.arange(round(seconds * RATE)) / RATE
    wave: npt.NDArray[np.int16] = np.rint(12000 * np.sin(2 * np.pi * frequency * at)).astype("<i2")
    return wave.tobytes()


def encode(output_format: str, pcm: bytes, step: int = 882) -> bytes:
    made = encoder(output_format, RATE)
    return b"".join(made.feed(pcm[at : at + step]) for at in range(0, len(pcm), step)) + (
        made.finish()
    )


def decode(output_format: str, data: bytes) -> tuple[npt.NDArray[np.float64], int]:
    """Give samples in -1..1 and their rate, as a player would."""
    family, named, *_ = output_format.split("_")
    raw = {"pcm": "PCM_16", "ulaw": "ULAW", "alaw": "ALAW"}.get(family)
    shape = {"samplerate": int(named), "channels": 1, "format": "RAW", "subtype": raw}
    samples, rate = soundfile.read(io.BytesIO(data), **(shape if raw else {}))
    return samples, rate


def frame_headers(mp3: bytes) -> list[tuple[int, int]]:
    """Walk the MP3 frames and give each one's sample rate and bit rate in kbit/s."""
    headers, at = [], 0
    while at < len(mp3):
        sync, mpeg1 = mp3[at] << 8 | mp3[at + 1], mp3[at + 1] & 8
        assert sync & 0xFFE0 == 0xFFE0, f"no frame at byte {at}"
        rate = (44100, 48000, 32000)[mp3[at + 2] >> 2 & 3] // (1 if mpeg1 else 2)
        low = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
        half = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
        kbps = (low if mpeg1 else half)[mp3[at + 2] >> 4]
        headers.append((rate, kbps))
        at += (144 if mpeg1 else 72) * kbps * 1000 // rate + (mp3[at + 2] >> 1 & 1)
    assert at == len(mp3)
    return headers


@pytest.mark.parametrize("output_format", KNOWN)
def test_a_tone_keeps_its_pitch_loudness_and_duration(output_format: str) -> None:
    samples, rate = decode(output_format, encode(output_format, tone()))
    assert rate == int(output_format.split("_")[1])
    # MP3 comes in whole frames and with the encoder's and the decoder's delay.
    assert 0 <= len(samples) - rate <= (2400 if output_format in MP3 else 0)
    middle = samples[len(samples) // 4 : len(samples) * 3 // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * rate / len(middle) == pytest.approx(440, abs=2)
    # LAME turns the volume down by up to 5 %, so that peaks do not overshoot.
    tolerance = 0.06 if output_format in MP3 else 0.03
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(12000 / 32768, rel=tolerance)


@pytest.mark.parametrize("output_format", KNOWN)
def test_bytes_do_not_depend_on_how_the_speech_was_cut(output_format: str) -> None:
    noise = np.random.default_rng(0).integers(-9000, 9000, RATE // 2).astype("<i2").tobytes()
    whole = encode(output_format, noise, len(noise))
    assert all(encode(output_format, noise, step) == whole for step in (22, 882, 4410))


@pytest.mark.parametrize("output_format", KNOWN)
def test_no_speech_is_a_valid_empty_stream(output_format: str) -> None:
    nothing = encode(output_format, b"")
    assert len(nothing) == (44 if output_format.startswith("wav_") else 0)


@pytest.mark.parametrize("output_format", MP3)
def test_every_mp3_frame_has_the_rates_that_the_name_promises(output_format: str) -> None:
    _, rate, kbps = output_format.split("_")
    mp3 = encode(output_format, tone())
    assert set(frame_headers(mp3)) == {(int(rate), int(kbps))}
    assert not any(tag in mp3 for tag in (b"Xing", b"Info", b"VBRI", b"ID3"))


@pytest.mark.parametrize("output_format", MP3)
def test_mp3_can_be_played_from_its_first_bytes(output_format: str) -> None:
    made, pcm = encoder(output_format, RATE), tone(0.25)
    start = made.feed(pcm)
    samples, _ = soundfile.read(io.BytesIO(start))
    assert np.abs(samples).max() > 0.3
    assert start + made.finish() == encode(output_format, pcm)


@pytest.mark.parametrize("output_format", LINEAR)
def test_linear_formats_lose_next_to_nothing(output_format: str) -> None:
    samples, rate = decode(output_format, encode(output_format, tone()))
    wanted = 12000 / 32768 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    middle = slice(rate // 4, rate * 3 // 4)
    error = np.sqrt(np.mean((samples - wanted)[middle] ** 2))
    assert 20 * np.log10(12000 / 32768 / np.sqrt(2) / error) > 80


def test_the_engines_own_rate_passes_untouched() -> None:
    assert encode("pcm_22050", tone()) == tone()


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="audioop left the standard library")
@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_telephone_bytes_are_the_standard_librarys(law: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import audioop
    every = np.arange(65536, dtype="<u2").tobytes()
    made = encoder(f"{law}_8000", 8000)
    assert made.feed(every) + made.finish() == getattr(audioop, f"lin2{law}")(every, 2)


@pytest.mark.parametrize(
    ("output_format", "media_type"),
    [
        ("pcm_16000", "audio/pcm"),
        ("wav_16000", "audio/wav"),
        ("ulaw_8000", "audio/basic"),
        ("alaw_8000", "audio/x-alaw-basic"),
        ("mp3_44100_128", "audio/mpeg"),
    ],
)
def test_each_family_has_its_media_type(output_format: str, media_type: str) -> None:
    assert encoder(output_format, RATE).media_type == media_type


@pytest.mark.parametrize(
    "name", ["", "mp3", "pcm_11025", "mp3_44100_999", "flac_44100", "PCM_8000"]
)
def test_an_unknown_format_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownFormat, match=r"it knows pcm_8000, .*mp3_44100_192"):
        encoder(name, RATE)


def test_a_missing_package_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "lameenc", None)
    with pytest.raises(EngineError, match=r'lameenc: pip install "voicekit\[offline\]"'):
        encoder("mp3_44100_128", 44100)
