"""The callers of `bench pipeline`: robot voices, pauses of a known length, a room with noise."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import noises
import numpy as np
import numpy.typing as npt
import soxr

from voicekit.audio import Clip
from voicekit.standin.engines import Speech
from voicekit.standin.engines.tts import WorkerSynthesiser, voice_names

RATE = 16000
LEVEL = -26.0
"""Level of every voice: dBFS of its audible part, root mean square."""
AUDIBLE = -40.0
"""dBFS of the first and the last sample that count as speech."""
FLITE = ("rms", "slt", "awb", "kal16")
"""Recorded voices of flite, where it is installed; the others are the stand-in's."""
EDGE = 0.03  # seconds kept around what is audible

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """What is said without a pause: words, and the seconds at which its sound begins and ends."""

    text: str
    start: float
    end: float

    def words(self) -> list[tuple[str, float]]:
        """Each word with the second at which it ends; letters take equally long."""
        words = self.text.split()
        ends = [*accumulate(len(word) + 1 for word in words)]
        return [
            (word, self.start + (self.end - self.start) * end / ends[-1])
            for word, end in zip(words, ends, strict=True)
        ]


@dataclass(frozen=True)
class Recording:
    """One caller's utterance as the microphone hears it: PCM16 at 16 kHz."""

    pcm: bytes
    parts: tuple[Part, ...]
    kind: str
    voice: str

    @cached_property
    def words(self) -> list[tuple[str, float]]:
        """Every word with the second at which it ends."""
        return [word for part in self.parts for word in part.words()]

    def text_until(self, seconds: float) -> str:
        """The words that were said to their end by then."""
        return " ".join(word for word, end in self.words if end <= seconds)

    def said(self, text: str) -> float:
        """The second at which the last word of a text that this begins with was said."""
        return self.words[len(text.split()) - 1][1]


class Studio:
    """Speaks sentences, each only once in each voice."""

    def __init__(self) -> None:
        self._synthesiser = WorkerSynthesiser()
        self._spoken: dict[tuple[str, str], Samples] = {}
        self.voices = (*(FLITE if shutil.which("flite") else ()), *voice_names())

    def say(self, text: str, voice: str, phones: str = "") -> Samples:
        """Return a sentence at 16 kHz and `LEVEL`, without the silence around it.

        Flite's voices say `phones` instead, if there are any: they would spell "mm-hm" out.
        """
        if (text, voice) not in self._spoken:
            if voice in FLITE:
                clip = _flite(text, voice, phones)
            else:
                sound = self.at_rate(self.speech(text, voice))
                clip = Clip(sound.astype("<i2").tobytes(), RATE)
            self._spoken[text, voice] = self.trimmed(clip)
        return self._spoken[text, voice]

    def speech(self, text: str, voice: str) -> Speech:
        """Return a text in one of the stand-in's voices, with its characters' times."""
        return asyncio.run(self._synthesiser.say(text, voice))

    @staticmethod
    def at_rate(speech: Speech) -> Samples:
        """Return the samples of a speech at 16 kHz."""
        samples = np.frombuffer(speech.pcm, "<i2").astype(np.float64)
        return soxr.resample(samples, speech.rate, RATE)

    @staticmethod
    def trimmed(clip: Clip) -> Samples:
        """Return a sound at `LEVEL`, without the silence around it."""
        samples = clip.samples.astype(np.float64)
        loud = samples[np.abs(samples) > 0.05 * np.abs(samples).max()]
        samples *= 32768 * 10 ** (LEVEL / 20) / np.sqrt(np.mean(loud**2))
        audible = np.flatnonzero(np.abs(samples) >= 32768 * 10 ** (AUDIBLE / 20))
        edge = round(EDGE * RATE)
        return np.pad(samples, edge)[audible[0] : audible[-1] + 1 + 2 * edge]

    def close(self) -> None:
        """End the synthesiser's process."""
        self._synthesiser.close()


def record(
    studio: Studio, parts: Sequence[str], pauses: Sequence[float], voice: str
) -> tuple[Samples, tuple[Part, ...]]:
    """Return a caller's sound without noise, and when it says what; a pause between two parts."""
    sounds = [studio.say(text, voice) for text in parts]
    pieces = [np.zeros(round(0.5 * RATE))]
    placed = []
    for text, sound, pause in zip(parts, sounds, [*pauses, 2.5], strict=True):
        begin = sum(piece.size for piece in pieces) / RATE
        placed.append(Part(text, begin + EDGE, begin + sound.size / RATE - EDGE))
        pieces += [sound, np.zeros(round((pause - 2 * EDGE) * RATE))]
    return np.concatenate(pieces), tuple(placed)


def in_room(sound: Samples, dbfs: float, seed: int) -> bytes:
    """Return the sound as PCM16, with pink noise of this level."""
    noise = noises.noise("pink", sound.size, np.random.default_rng(seed))
    mixed = sound + 32768 * 10 ** (dbfs / 20) * noise
    return np.clip(np.rint(mixed), -32768, 32767).astype("<i2").tobytes()


def _flite(text: str, voice: str, phones: str) -> Clip:
    says = ["-p", f"pau {phones} pau"] if phones else ["-t", text]
    with tempfile.TemporaryDirectory(prefix="voicekit-") as folder:
        path = Path(folder, "spoken.wav")
        command = ["flite", "-voice", voice, *says, "-o", str(path)]
        subprocess.run(command, check=True, capture_output=True)
        return Clip.load(path, text)
