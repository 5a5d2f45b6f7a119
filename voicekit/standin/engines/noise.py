"""Steady noise taken out of an utterance before it is recognised.

A Wiener filter: each frequency keeps the share that speech has of it, judged by how it stands out
of the utterance's quietest frames and by the share it had a moment before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voicekit.standin.engines import LISTENING_RATE

WINDOW, STEP, POINTS = 400, 160, 512  # samples: 25 ms every 10 ms
QUIET = 6  # one frame in so many is taken for noise alone, and at least `FEWEST` are
FEWEST = 8
MEMORY = 0.9  # how much of a frequency's share is the moment before's
LEAST = 0.2  # share that even noise keeps, lest what is left of it rings
FLOOR = 15.0  # amplitude of the even noise laid under the result: the recogniser needs some


def without_noise(pcm: bytes) -> bytes:
    """PCM16 mono at `LISTENING_RATE` with its steady noise lowered; too short a piece as it is."""
    sound = np.frombuffer(pcm, "<i2").astype(np.float64)
    if sound.size < LISTENING_RATE // 5:
        return pcm
    window = np.hanning(WINDOW)
    starts = np.arange(0, sound.size - WINDOW + 1, STEP)
    spectra = np.fft.rfft(sound[starts[:, None] + np.arange(WINDOW)] * window, POINTS)
    spectra *= _shares(np.abs(spectra) ** 2)
    pieces = np.fft.irfft(spectra, POINTS)[:, :WINDOW] * window
    mixed, weight = np.zeros(sound.size), np.full(sound.size, 1e-3)
    for start, piece in zip(starts, pieces, strict=True):
        mixed[start : start + WINDOW] += piece
        weight[start : start + WINDOW] += window**2
    under = np.random.default_rng(3).normal(0, FLOOR, sound.size)
    clean: npt.NDArray[np.int16] = np.rint(mixed / weight + under).clip(-32768, 32767).astype("<i2")
    return clean.tobytes()


def _shares(power: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Speech's share of each frame's frequencies, by decision-directed estimation."""
    quietest = np.argsort(power.sum(axis=1))[: max(FEWEST, len(power) // QUIET)]
    noise = power[quietest].mean(axis=0)
    smooth = np.convolve(np.pad(noise, 2, mode="edge"), np.ones(5) / 5, "valid") + 1e-9
    shares, before = np.empty_like(power), np.zeros(power.shape[1])
    for number, frame in enumerate(power / smooth):
        ratio = MEMORY * before + (1 - MEMORY) * np.maximum(frame - 1, 0)
        share = np.maximum(ratio / (1 + ratio), LEAST)
        before = share**2 * frame
        shares[number] = share
    return shares
