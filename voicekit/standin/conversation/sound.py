"""The sound formats of a conversation: what clients send becomes PCM16, at the ears' rate."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from voicekit.standin.engines import LISTENING_RATE
from voicekit.standin.speech.formats import offline_package


def pcm(sound: bytes, sound_format: str) -> bytes:
    """Sound in one of a conversation's formats as PCM16 of the same rate."""
    if sound_format.startswith("ulaw"):
        return _linear()[np.frombuffer(sound, np.uint8)].tobytes()
    return sound


def rate(sound_format: str) -> int:
    """Samples per second of `pcm_16000`, `ulaw_8000`, …."""
    return int(sound_format.partition("_")[2])


def seconds(sound: bytes, sound_format: str) -> float:
    """How long some sound plays."""
    width = 1 if sound_format.startswith("ulaw") else 2
    return len(sound) / width / rate(sound_format)


class Intake:
    """One caller's sound, piece by piece, as PCM16 for the ears.

    Args:
        sound_format: what the client sends; pieces may end within a sample.
    """

    def __init__(self, sound_format: str) -> None:
        self._format = sound_format
        self._half = b""
        self._stream = None
        if rate(sound_format) != LISTENING_RATE:
            soxr = offline_package("soxr")
            self._stream = soxr.ResampleStream(rate(sound_format), LISTENING_RATE, 1, "float32")

    def feed(self, sound: bytes) -> bytes:
        """Convert the next piece; what comes out may lag behind, even be empty."""
        linear = pcm(sound, self._format)
        linear, self._half = self._half + linear, b""
        if len(linear) % 2:
            linear, self._half = linear[:-1], linear[-1:]
        if self._stream is None:
            return linear
        samples = self._stream.resample_chunk(np.frombuffer(linear, "<i2").astype(np.float32))
        return bytes(np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes())


@functools.cache
def _linear() -> npt.NDArray[np.int16]:
    """The 16-bit sample of every u-law byte (ITU-T G.711)."""
    code = ~np.arange(256, dtype=np.uint8)
    size = (((code & 0x0F).astype(np.int32) << 3) + 0x84) << ((code & 0x70) >> 4)
    table: npt.NDArray[np.int16] = np.where(code & 0x80, 0x84 - size, size - 0x84).astype("<i2")
    return table
