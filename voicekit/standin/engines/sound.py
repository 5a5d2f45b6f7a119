"""Sound as ears need it: at their rate, above silence, and how loud."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from voicekit.errors import EngineError
from voicekit.standin.engines import LISTENING_RATE

FLOOR_DBFS = -68.0


def above_silence(pcm: bytes, position: int) -> bytes:
    """PCM16 with a faint, always equal noise in place of exact zeros.

    Digital silence around speech spoils the recogniser's mean over the utterance.

    Args:
        pcm: samples.
        position: of the first sample in its stream, which decides which noise it gets.
    """
    samples = np.frombuffer(pcm, "<i2")
    if samples.all():
        return pcm
    noise = _noise()
    mixed = np.where(samples, samples, noise[(position + np.arange(samples.size)) % noise.size])
    return mixed.astype("<i2").tobytes()


def at_listening_rate(pcm: bytes, rate: int) -> bytes:
    """PCM16 mono of `rate` samples a second at `LISTENING_RATE`.

    Raises:
        EngineError: the package that resamples is missing.
    """
    if rate == LISTENING_RATE:
        return pcm
    try:
        import soxr
    except ImportError as error:
        message = f'Sound of {rate} Hz needs soxr: pip install "voicekit[offline]".'
        raise EngineError(message) from error
    whole = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")
    samples: npt.NDArray[np.int16] = soxr.resample(whole, rate, LISTENING_RATE)
    return samples.astype("<i2").tobytes()


@functools.cache
def _noise() -> npt.NDArray[np.int16]:
    """A second of noise, the same on every run."""
    amplitude = 32768 * 10 ** (FLOOR_DBFS / 20)
    noise = np.random.default_rng(7).normal(0, amplitude, LISTENING_RATE)
    return np.rint(noise).astype(np.int16)
