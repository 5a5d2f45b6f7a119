"""ElevenLabs' output formats: speech goes in as it is made, encoded bytes come out.

The names, and that PCM has no header, WAV is a whole file and u-law and A-law are raw, are the
vendor's (https://elevenlabs.io/docs/api-reference/text-to-speech/convert, `output_format`).
"""

from __future__ import annotations

import functools
import importlib
import struct
from types import ModuleType
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voicekit.errors import EngineError

Samples = npt.NDArray[np.int16]

RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
MP3 = ((22050, 32), (24000, 48), *((44100, kbps) for kbps in (32, 64, 96, 128, 192)))
KNOWN: tuple[str, ...] = (
    *(f"pcm_{rate}" for rate in RATES),
    *(f"wav_{rate}" for rate in RATES),
    "ulaw_8000",
    "alaw_8000",
    *(f"mp3_{rate}_{kbps}" for rate, kbps in MP3),
)
"""Every output format the stand-in can produce."""

LAME_EFFORT = 7  # 2 best to 7 fastest: half the CPU time of 5


class UnknownFormat(ValueError):
    """An output format that the stand-in cannot produce; the message names those it can."""


class Encoder(Protocol):
    """Encodes one stream of speech, piece by piece."""

    media_type: str

    def feed(self, pcm: bytes) -> bytes:
        """Encode the next whole 16-bit samples; what comes out may lag behind, even be empty."""
        ...

    def finish(self) -> bytes:
        """Give what is left; nothing may be fed after that."""
        ...


def encoder(output_format: str, rate: int) -> Encoder:
    """Make an encoder for mono PCM16 at `rate` samples per second.

    The bytes that come out do not depend on how the speech was cut into pieces.

    Raises:
        UnknownFormat: the stand-in cannot produce `output_format`.
        EngineError: a package of the `offline` extra is missing.
    """
    if output_format not in KNOWN:
        raise UnknownFormat(
            f"The stand-in cannot produce {output_format!r}; it knows {', '.join(KNOWN)}."
        )
    family, target, *kbps = output_format.split("_")
    wanted = int(target)
    if family == "mp3":
        return _Mp3(_Resampler(rate, wanted), wanted, int(kbps[0]))
    if family == "wav":
        return _Wav(_Resampler(rate, wanted), wanted)
    return _Raw(_Resampler(rate, wanted), family)


def offline_package(package: str) -> ModuleType:
    """Import a package of the `offline` extra."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise EngineError(f'This needs {package}: pip install "voicekit[offline]".') from error


class _Resampler:
    """Converts a stream of samples from one rate to another; equal rates pass untouched."""

    def __init__(self, rate: int, wanted: int) -> None:
        self._stream = None
        if rate != wanted:
            soxr = offline_package("soxr")
            # Not int16, whose dither depends on how the stream was cut.
            self._stream = soxr.ResampleStream(rate, wanted, 1, dtype="float32")

    def feed(self, pcm: bytes, last: bool = False) -> Samples:
        samples = np.frombuffer(pcm, "<i2")
        if self._stream is None:
            return samples
        resampled = self._stream.resample_chunk(samples.astype(np.float32), last=last)
        whole: Samples = np.clip(np.rint(resampled), -32768, 32767).astype("<i2")
        return whole


class _Raw:
    """Bare samples: linear PCM, or 8-bit companded for telephones."""

    def __init__(self, resampler: _Resampler, family: str) -> None:
        self.media_type, self._table = {
            "pcm": ("audio/pcm", None),
            "ulaw": ("audio/basic", _ulaw_table),
            "alaw": ("audio/x-alaw-basic", _alaw_table),
        }[family]
        self._resampler = resampler

    def feed(self, pcm: bytes) -> bytes:
        return self._companded(self._resampler.feed(pcm))

    def finish(self) -> bytes:
        return self._companded(self._resampler.feed(b"", last=True))

    def _companded(self, samples: Samples) -> bytes:
        return (samples if self._table is None else self._table()[samples.view("<u2")]).tobytes()


class _Wav:
    """A whole WAV file. Its header says how long it is, so all of it comes at the end."""

    media_type = "audio/wav"

    def __init__(self, resampler: _Resampler, rate: int) -> None:
        self._resampler = resampler
        self._rate = rate
        self._data = bytearray()

    def feed(self, pcm: bytes) -> bytes:
        self._data += self._resampler.feed(pcm).tobytes()
        return b""

    def finish(self) -> bytes:
        self._data += self._resampler.feed(b"", last=True).tobytes()
        shape = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, self._rate, self._rate * 2, 2, 16)
        data = struct.pack("<4sI", b"data", len(self._data)) + self._data
        return struct.pack("<4sI4s", b"RIFF", 4 + len(shape) + len(data), b"WAVE") + shape + data


class _Mp3:
    """MP3 of constant bit rate. LAME writes no header frame, so the stream is final as it comes."""

    media_type = "audio/mpeg"

    def __init__(self, resampler: _Resampler, rate: int, kbps: int) -> None:
        self._resampler = resampler
        self._lame = offline_package("lameenc").Encoder()
        self._lame.silence()
        self._lame.set_channels(1)
        self._lame.set_in_sample_rate(rate)
        self._lame.set_out_sample_rate(rate)
        self._lame.set_bit_rate(kbps)
        self._lame.set_quality(LAME_EFFORT)
        self._started = False

    def feed(self, pcm: bytes) -> bytes:
        return self._encoded(self._resampler.feed(pcm))

    def finish(self) -> bytes:
        rest = self._encoded(self._resampler.feed(b"", last=True))
        # LAME takes flushing before any sample for an error.
        return rest + bytes(self._lame.flush()) if self._started else b""

    def _encoded(self, samples: Samples) -> bytes:
        if not samples.size:
            return b""
        self._started = True
        return bytes(self._lame.encode(samples.tobytes()))


@functools.cache
def _ulaw_table() -> npt.NDArray[np.uint8]:
    """Give the u-law byte of every 16-bit sample (ITU-T G.711), which counts in 14 bits."""
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 2
    size = np.minimum(np.abs(sample), 8158) + 33
    segment = np.searchsorted([0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF], size)
    code = segment << 4 | size >> (segment + 1) & 0xF
    table: npt.NDArray[np.uint8] = (code ^ np.where(sample < 0, 0x7F, 0xFF)).astype(np.uint8)
    return table


@functools.cache
def _alaw_table() -> npt.NDArray[np.uint8]:
    """Give the A-law byte of every 16-bit sample (ITU-T G.711), which counts in 13 bits."""
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 3
    size = np.where(sample < 0, ~sample, sample)
    segment = np.searchsorted([0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF], size)
    code = segment << 4 | size >> np.maximum(segment, 1) & 0xF
    table: npt.NDArray[np.uint8] = (code ^ np.where(sample < 0, 0x55, 0xD5)).astype(np.uint8)
    return table
