"""What levels mean: a microphone that hears nobody, a speaker that is heard in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

AUDIBLE = -50.0
"""dB relative to full scale (RMS): speech below this is hard to recognise."""
_DEAD = -85.0  # dB; quieter than any room: a muted or unplugged microphone
_OVER_ROOM = 10.0  # dB that speech, or an echo, lies above the room at least
_CLIPPED = 0.001  # share of samples at full scale that one hears as distortion
_WINDOW = 320  # samples: 20 ms at 16 kHz


@dataclass(frozen=True)
class Levels:
    """How loud a recording is, in dB relative to full scale (RMS of 20 ms).

    Attributes:
        room: what nine tenths of it are louder than.
        peak: what a tenth of it is louder than.
        clipped: share of samples at full scale.
    """

    room: float
    peak: float
    clipped: float

    @classmethod
    def of(cls, pcm: bytes) -> Levels:
        """The levels of PCM16 mono at 16 kHz; of an empty recording those of silence."""
        samples = np.frombuffer(pcm, "<i2")
        count = max(1, len(samples) // _WINDOW)
        windows: npt.NDArray[np.float64] = np.resize(samples, count * _WINDOW).reshape(count, -1)
        power = np.square(windows / 32768.0, dtype=np.float64).mean(axis=1)
        decibels = 10 * np.log10(np.maximum(power, 1e-12))
        room, peak = np.percentile(decibels, [10, 90])
        clipped = float((np.abs(samples.astype(np.int32)) >= 32767).mean()) if samples.size else 0.0
        return cls(float(room), float(peak), clipped)

    @property
    def judgement(self) -> str:
        """A code: `dead`, `quiet`, `nobody`, `loud` or `ok`."""
        if self.peak < _DEAD:
            return "dead"
        if self.clipped > _CLIPPED:
            return "loud"
        if self.peak - self.room < _OVER_ROOM:
            return "nobody"
        return "quiet" if self.peak < AUDIBLE else "ok"


def echo_over_room(before: bytes, during: bytes) -> float:
    """By how many dB the microphone is louder while the speaker plays than before; 0 at least."""
    return max(0.0, Levels.of(during).peak - max(Levels.of(before).peak, _DEAD))


def is_echo(decibels: float) -> bool:
    """Whether an agent would take it for somebody who speaks."""
    return decibels >= _OVER_ROOM


def beep(seconds: float, rate: int, hertz: float = 440.0, level: float = -20.0) -> bytes:
    """A tone that begins and ends softly, PCM16 mono.

    Args:
        seconds: its length.
        rate: samples a second.
        hertz: its pitch.
        level: its peak in dB relative to full scale.
    """
    at = np.arange(round(seconds * rate)) / rate
    soft = np.minimum(1.0, np.minimum(at, seconds - at) / min(0.02, seconds / 2))
    wave = 32768 * 10 ** (level / 20) * soft * np.sin(2 * np.pi * hertz * at)
    tone: bytes = np.rint(wave).astype("<i2").tobytes()
    return tone
