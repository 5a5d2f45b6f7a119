"""Steady noise lowered in an utterance before it is recognised.

A small network, `data/noise.json`, says how much of each band of each frame is speech. It sees how
far eleven frames stand out of the noise, which is what the utterance's quietest frames have. It was
learned from synthetic voices in noise of many colours by `tests/learn_noise.py`; a Wiener filter,
which judges each frequency on its own, takes more of a breathy voice for noise.
"""

from __future__ import annotations

import base64
import json
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from voicekit.standin.engines import LISTENING_RATE

Sound = npt.NDArray[np.float64]
Layers = list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]

WINDOW, STEP, POINTS = 400, 160, 512  # samples: 25 ms every 10 ms
BANDS, LOWEST, HIGHEST = 25, 130.0, 6800.0  # the recogniser's own, in Hz
AROUND = 5  # frames seen before and after the one judged
QUIET, FEWEST = 6, 8  # one frame in six is taken for noise alone, and at least eight are
CLEAR = 30.0  # dB from noise to sound from which there is nothing to lower
MOST = 5.0  # of a band's power, in nepers: 22 dB
SOME = 0.35  # of the noise's amplitude left in the reading between
FLOOR = 30.0  # amplitude of the even noise laid under the result, which hides what is left


def without_noise(pcm: bytes) -> bytes:
    """PCM16 mono at `LISTENING_RATE` with its steady noise lowered.

    The very same object if it is too short to tell, or if there is nothing to lower.
    """
    sound = np.frombuffer(pcm, "<i2").astype(np.float64)
    if sound.size < LISTENING_RATE // 5:
        return pcm
    spectra = framed(sound)
    power = np.abs(spectra) ** 2
    if 10 * np.log10(power.sum(axis=1).mean() / (quietest(power).sum() + 1e-9) + 1e-9) > CLEAR:
        return pcm
    seen, _ = inputs(power)
    for number, (weights, bias) in enumerate(_layers()):
        seen = (np.maximum(seen, 0) if number else seen) @ weights + bias
    spectra *= np.exp(np.maximum(seen, -MOST) / 2 @ _between())
    clean = _joined(spectra, sound.size)
    clean += np.random.default_rng(3).normal(0, FLOOR, sound.size)
    return np.rint(clean).clip(-32768, 32767).astype("<i2").tobytes()


def readings(pcm: bytes) -> list[bytes]:
    """An utterance without its noise, with a third of it, and as it is; this alone if it is clear.

    What is one word in all of them is hardly the noise's.
    """
    clean = without_noise(pcm)
    if clean is pcm:
        return [pcm]
    sound, lowered = (np.frombuffer(it, "<i2").astype(np.float64) for it in (pcm, clean))
    between = np.rint(lowered + SOME * (sound - lowered)).astype("<i2").tobytes()
    return [clean, between, pcm]


def framed(sound: Sound) -> npt.NDArray[np.complex128]:
    """The spectrum of each frame, shape (frames, POINTS / 2 + 1)."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::STEP]
    return np.fft.rfft(frames * np.hanning(WINDOW), POINTS)


def quietest(power: Sound) -> Sound:
    """The mean power of each frequency in the quietest frames."""
    total = power.sum(axis=1)
    mean: Sound = power[np.argsort(total)[: max(FEWEST, len(power) // QUIET)]].mean(axis=0)
    return mean


def banded(power: Sound) -> Sound:
    """The logarithm of each band's power; a trace is added, for there is one of nothing."""
    bands: Sound = np.log(power @ filters().T + 10.0)
    return bands


def inputs(power: Sound) -> tuple[npt.NDArray[np.float32], Sound]:
    """What the network sees of each frame, and the frames' bands.

    That is how far the bands around it stand out of the noise, and how loud the noise is.
    """
    bands, noise = banded(power), banded(quietest(power))
    level = np.log(np.exp(bands).mean())
    out = np.clip((bands - noise) / 4, -0.75, 2.5).astype(np.float32)
    loud = np.clip((noise - level + 6) / 4, -2, 2).astype(np.float32)
    padded = np.pad(out, ((AROUND, AROUND), (0, 0)), mode="edge")
    around = [padded[at : at + len(out)] for at in range(2 * AROUND + 1)]
    return np.hstack([*around, np.broadcast_to(loud, out.shape)]), bands


@cache
def filters() -> Sound:
    """Triangles, evenly spaced in mel, shape (BANDS, POINTS / 2 + 1)."""
    first, last = (1127 * np.log1p(end / 700) for end in (LOWEST, HIGHEST))
    edges = 700 * np.expm1(np.linspace(first, last, BANDS + 2) / 1127)
    at = np.fft.rfftfreq(POINTS, 1 / LISTENING_RATE)
    low, peak, high = (edges[n : BANDS + n, None] for n in range(3))
    rising, falling = (at - low) / (peak - low), (high - at) / (high - peak)
    return np.asarray(np.maximum(np.minimum(rising, falling), 0))


@cache
def _between() -> Sound:
    """From bands to frequencies: between two bands' middles a mean of both."""
    bands = filters()
    shares = bands / np.maximum(bands.sum(axis=0), 1e-9)
    first, last = bands[0].argmax(), bands[-1].argmax()
    shares[:, :first], shares[:, last:] = 0, 0
    shares[0, :first], shares[-1, last:] = 1, 1
    return np.asarray(shares)


def _joined(spectra: npt.NDArray[np.complex128], size: int) -> Sound:
    window = np.hanning(WINDOW)
    pieces = np.fft.irfft(spectra, POINTS)[:, :WINDOW] * window
    mixed, weight = np.zeros(size), np.full(size, 1e-3)
    for number, piece in enumerate(pieces):
        at = slice(number * STEP, number * STEP + WINDOW)
        mixed[at] += piece
        weight[at] += window**2
    return np.asarray(mixed / weight)


@cache
def _layers() -> Layers:
    """Weights, one byte each and a scale for each column, and biases."""
    file = resources.files("voicekit.standin").joinpath("data/noise.json")
    return [
        (
            np.frombuffer(base64.b64decode(layer["weights"]), np.int8)
            .reshape(-1, layer["to"])
            .astype(np.float32)
            * np.array(layer["scales"], np.float32),
            np.array(layer["bias"], np.float32),
        )
        for layer in json.loads(file.read_text("utf-8"))["layers"]
    ]
