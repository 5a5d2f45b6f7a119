"""Learn how speech stands out of noise: `python learn_noise.py`, some minutes, needs flite.

Writes `voicekit/standin/data/noise.json` for `engines/noise.py`. The voices are our own and two of
flite's, slt and kal16, each made higher and lower; flite's rms and awb are not among them, nor is
any sentence that the ears are judged by. Half of what is said are the callers' sentences, half are
any words of the dictionary. White noise, and noise of other colours, is 3 to 35 dB below the voice.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import tempfile
from pathlib import Path

import numpy as np
import pocketsphinx
import soxr
from hear_corpus import OURS, spoken
from noises import active_level

from voicekit.standin.engines import LISTENING_RATE, noise
from voicekit.standin.engines.tts import WorkerSynthesiser
from voicekit.standin.script import phrasings

OUT = Path(noise.__file__).parents[1] / "data" / "noise.json"
FLITE = ("slt", "kal16")
UTTERANCES, LONGEST = 1400, 4 * LISTENING_RATE
HIDDEN, ROUNDS, BATCH = 96, 12, 256


def sayings(chance: np.random.Generator) -> list[str]:
    """Callers' sentences and, in between, any six words."""
    own = sorted(set(phrasings.sentences()))
    path = Path(pocketsphinx.get_model_path(), "en-us", "cmudict-en-us.dict")
    words = re.findall(r"^([a-z]+) ", path.read_text("utf-8"), re.MULTILINE)
    return [
        str(chance.choice(own)) if n % 2 else " ".join(chance.choice(words, 6))
        for n in range(UTTERANCES)
    ]


def coloured(size: int, chance: np.random.Generator) -> np.ndarray:
    """Noise with a power of 1: white, falling with the frequency, or of any colour."""
    spectrum = np.fft.rfft(chance.normal(0, 1, size))
    at = np.fft.rfftfreq(size, 1 / LISTENING_RATE)
    fall = chance.choice([0, 0, chance.uniform(-0.2, 1.3)])
    colour = (np.maximum(at, 60) / 1000) ** -fall
    if chance.random() < 0.4:
        knots = int(chance.integers(3, 9))
        decibels = np.interp(at, np.linspace(0, 8000, knots), chance.normal(0, 6, knots))
        colour *= 10 ** (decibels / 20)
    sound = np.fft.irfft(spectrum * colour, size)
    return sound / sound.std()


def lesson(samples: np.ndarray, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """What the network sees of an utterance in noise, and how much it should have lowered it."""
    tempo = chance.uniform(0.86, 1.16)
    other = soxr.resample(samples.astype(np.float32), LISTENING_RATE, LISTENING_RATE * tempo)
    voice = other[:LONGEST].astype(np.float64)
    level = -26 + chance.uniform(-10, 6)
    voice *= 10 ** ((level - active_level(voice)) / 20)
    pauses = (chance.uniform(0.02, 0.5), chance.uniform(0.05, 0.4))
    voice = np.pad(voice, [round(pause * LISTENING_RATE) for pause in pauses])
    clean = voice + chance.normal(0, 32768 * 10 ** (-65 / 20), voice.size)
    ranges = [chance.uniform(3, 25), chance.uniform(8, 20), 35.0]
    below = chance.choice(ranges, p=[0.45, 0.45, 0.1])
    noisy = clean + coloured(voice.size, chance) * 32768 * 10 ** ((level - below) / 20)
    seen, bands = noise.inputs(np.abs(noise.framed(noisy)) ** 2)
    wanted = noise.banded(np.abs(noise.framed(clean)) ** 2) - bands
    return seen.astype(np.float16), np.clip(wanted, -noise.MOST, 0.7).astype(np.float32)


async def lessons(chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    voices, synthesiser = [*FLITE * 3, *OURS], WorkerSynthesiser()
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(sayings(chance)):
            voice = voices[number % len(voices)]
            made.append(lesson(await spoken(text, voice, synthesiser, Path(folder)), chance))
    synthesiser.close()
    seen, wanted = zip(*made, strict=True)
    return np.vstack(seen), np.vstack(wanted)


def learned(seen: np.ndarray, wanted: np.ndarray, chance: np.random.Generator) -> noise.Layers:
    """Weights and biases that make the least squares, by Adam's method with a falling step."""
    sizes = [seen.shape[1], HIDDEN, HIDDEN, noise.BANDS]
    weights = [
        chance.normal(0, a**-0.5, (a, b)).astype(np.float32) for a, b in itertools.pairwise(sizes)
    ]
    biases = [np.zeros(size, np.float32) for size in sizes[1:]]
    parts = [*weights, *biases]
    means, squares = ([np.zeros_like(part) for part in parts] for _ in range(2))
    batches, step = len(seen) // BATCH, 0
    for turn in range(ROUNDS):
        order, error = chance.permutation(len(seen)), 0.0
        for rows in order[: batches * BATCH].reshape(batches, BATCH):
            step += 1
            kept = [seen[rows].astype(np.float32)]
            for layer in range(3):
                out = kept[-1] @ weights[layer] + biases[layer]
                kept.append(np.maximum(out, 0) if layer < 2 else out)
            wrong = kept[3] - wanted[rows]
            error += float(np.square(wrong).mean()) / batches
            wrong /= BATCH
            slopes = [np.zeros(0)] * 6
            for layer in (2, 1, 0):
                slopes[layer], slopes[3 + layer] = kept[layer].T @ wrong, wrong.sum(axis=0)
                wrong = wrong @ weights[layer].T * (kept[layer] > 0)
            rate = 2e-3 * max(0.02, 1 - step / (ROUNDS * batches))
            for part, slope, mean, square in zip(parts, slopes, means, squares, strict=True):
                mean += 0.1 * (slope - mean)
                square += 0.001 * (slope**2 - square)
                root = np.sqrt(square / (1 - 0.999**step)) + 1e-7
                part -= rate * mean / (1 - 0.9**step) / root
        print(f"round {turn + 1} of {ROUNDS}: mean square {error:.3f}", flush=True)
    return list(zip(weights, biases, strict=True))


def written(layers: noise.Layers) -> str:
    about = "Weights of engines/noise.py, one byte each; written by tests/learn_noise.py."
    rows = []
    for weights, bias in layers:
        scales = np.abs(weights).max(axis=0) / 127
        small = np.rint(weights / scales).astype(np.int8).tobytes()
        rows.append(
            {
                "to": len(bias),
                "scales": [float(f"{scale:.6g}") for scale in scales],
                "bias": [float(f"{part:.6g}") for part in bias],
                "weights": base64.b64encode(small).decode(),
            }
        )
    return json.dumps({"about": about, "layers": rows}, indent=1) + "\n"


if __name__ == "__main__":
    chance = np.random.default_rng(5)
    OUT.write_text(written(learned(*asyncio.run(lessons(chance)), chance)), "utf-8")
