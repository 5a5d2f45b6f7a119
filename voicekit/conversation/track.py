"""What a microphone would hear: clips, at the time they are said, over the noise of a room."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicekit.audio import Clip
from voicekit.errors import AudioError

RATE = 16_000
"""Samples a second at the SDK's seam, both ways."""
_FULL_SCALE = 32768.0


class Track:
    """An endless microphone signal of PCM16 at 16 kHz, read in blocks of any size.

    Recognisers adapt to the noise of a room, and no room has none: exact digital silence spoils
    their estimate and with it the first words. So there is always a floor.

    The floor's noise begins anew with each clip: a clip sounds the same whenever it is said.

    Args:
        noise: level of the floor in dB relative to full scale (RMS); None is digital silence.
        seed: another one gives other noise.
        frame: clips begin at a multiple of so many samples. Whoever listens in frames then hears
            the same ones whenever a clip is said.
    """

    def __init__(self, noise: float | None = -65.0, seed: int = 0, frame: int = 1) -> None:
        self._amplitude = 0.0 if noise is None else _FULL_SCALE * 10 ** (noise / 20)
        self._seed = seed
        self._frame = frame
        self._random = np.random.default_rng(seed)
        self._said: list[tuple[int, Clip]] = []
        self.position = 0
        """Samples read so far."""
        self.end = 0
        """The sample at which the last clip ends."""

    def say(self, clip: Clip, at: float = 0.0) -> float:
        """Begin a clip at `at` seconds, or as soon after as the one before has ended.

        Returns:
            When it begins, in seconds from the track's beginning.

        Raises:
            AudioError: the clip has another rate than 16 kHz.
        """
        if clip.rate != RATE:
            raise AudioError(
                f"A clip of {clip.rate} Hz cannot be the microphone: the agent listens at "
                f"{RATE} Hz. Ask for output_format='pcm_16000', or convert the file: "
                f"ffmpeg -i in.wav -ac 1 -ar {RATE} -c:a pcm_s16le out.wav"
            )
        start = -(-max(self.end, self.position, round(at * RATE)) // self._frame) * self._frame
        self._said.append((start, clip))
        self.end = start + len(clip.samples)
        return start / RATE

    def hush(self) -> None:
        """Break off: nothing of what was said, and is not read yet, will be heard."""
        self._said.clear()
        self.end = min(self.end, self.position)

    def read(self, count: int) -> bytes:
        """The next `count` samples."""
        total = self._amplitude * self._floor(count)
        for start, clip in self._said:
            begin, stop = max(start - self.position, 0), start - self.position + len(clip.samples)
            part = clip.samples[self.position + begin - start :][: max(0, count - begin)]
            if stop > 0 and part.size:
                total[begin : begin + part.size] += part
        self.position += count
        self._said = [
            (start, c) for start, c in self._said if start + len(c.samples) > self.position
        ]
        return _pcm(total)

    def _floor(self, count: int) -> npt.NDArray[np.floating[Any]]:
        """The next samples of noise, from a new beginning at the start of each clip."""
        here = range(self.position, self.position + count)
        starts = sorted({start - self.position for start, _ in self._said if start in here})
        parts = []
        for begin, stop in itertools.pairwise([0, *starts, count]):
            if begin in starts:
                self._random = np.random.default_rng(self._seed)
            parts.append(self._random.standard_normal(stop - begin))
        return np.concatenate(parts)


def mixed(pcm: bytes, more: npt.NDArray[np.floating[Any]]) -> bytes:
    """PCM16 with another signal of as many samples added; too loud a sum is clipped."""
    return _pcm(np.frombuffer(pcm, "<i2") + more)


def _pcm(samples: npt.NDArray[np.floating[Any]]) -> bytes:
    pcm: bytes = np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()
    return pcm


def load(clips: Clip | str | Path | Iterable[Clip | str | Path]) -> list[Clip]:
    """Clips as they are, WAV files read."""
    if isinstance(clips, Clip | str | Path):
        clips = [clips]
    return [clip if isinstance(clip, Clip) else Clip.load(clip) for clip in clips]
