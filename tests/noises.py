"""Noises of a known level below a voice of a known level, for judging and teaching the ears."""

from __future__ import annotations

import itertools

import numpy as np

RATE = 16_000
MARGIN = 15.9  # dB from P.56's threshold to the active level
HANGOVER = round(0.2 * RATE)
FULL = 32768.0


def active_level(samples: np.ndarray) -> float:
    """Speech level in dBFS after ITU-T P.56, method B; -100 for silence."""
    sound = samples.astype(np.float64) / FULL
    decay = np.exp(-1 / (0.03 * RATE))
    envelope = np.abs(sound)
    for _ in range(2):
        envelope = _smoothed(envelope, decay)
    found = [(0.0, -100.0)]
    for exponent in range(-15, 1):
        above = np.flatnonzero(envelope >= 2.0**exponent)
        if not above.size:
            break
        edges = np.zeros(sound.size + 1)
        np.add.at(edges, above, 1)
        np.add.at(edges, np.minimum(above + HANGOVER + 1, sound.size), -1)
        active = np.count_nonzero(np.cumsum(edges[:-1]) > 0.5)
        level = 10 * np.log10(np.square(sound).sum() / active)
        found.append((level - 20 * exponent * np.log10(2), level))
    for (over, level), (under, next_level) in itertools.pairwise(found[1:]):
        if under <= MARGIN:
            return float(level + (next_level - level) * (over - MARGIN) / (over - under))
    return found[-1][1]


def _smoothed(sound: np.ndarray, decay: float) -> np.ndarray:
    kernel = (1 - decay) * decay ** np.arange(round(0.4 * RATE))
    size = sound.size + kernel.size
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(kernel, size), size)[: sound.size]


def noise(kind: str, size: int, chance: np.random.Generator) -> np.ndarray:
    """Noise with a power of 1: `white`, `pink`, or with the long-term spectrum of `speech`."""
    at = np.fft.rfftfreq(size, 1 / RATE)
    colours = {
        "white": np.ones_like(at),
        "pink": np.maximum(at, 50) ** -0.5,
        "speech": at / (at + 80) / np.sqrt(1 + (at / 500) ** 3),  # 9 dB an octave above 500 Hz
    }
    sound = np.fft.irfft(np.fft.rfft(chance.normal(0, 1, size)) * colours[kind], size)
    return sound / sound.std()


def babble(voices: list[np.ndarray], size: int, chance: np.random.Generator) -> np.ndarray:
    """People who talk all at once, each from anywhere in what they say; with a power of 1."""
    turned = (np.roll(voice / voice.std(), chance.integers(voice.size)) for voice in voices)
    mixed = sum((np.resize(voice, size) for voice in turned), np.zeros(size))
    return mixed / mixed.std()
