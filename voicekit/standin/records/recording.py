"""How one conversation sounded: the caller on the left, the agent on the right, in call time.

What arrives is laid down where it was heard, and not where it was sent: agents send faster than
real time. The first `LONGEST` seconds are kept.
"""

from __future__ import annotations

import io
import wave

import numpy as np
import numpy.typing as npt

from voicekit.standin.speech import formats

RATE = 16_000
"""Samples a second of what is handed out."""

KBPS = 64
"""Of the MP3, both sides together."""

LONGEST = 600.0
"""Seconds, the vendor's own default for a conversation; at 16 kHz, 38 MB with both sides."""


class Track:
    """One side, PCM16 mono at `rate` samples a second, silent where nothing was laid down."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._pcm = bytearray()

    def __bool__(self) -> bool:
        return bool(self._pcm)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self._pcm) / 2 / self.rate

    def lay(self, pcm: bytes, at: float) -> None:
        """Put samples where they were heard, `at` seconds, over what was there."""
        start = 2 * round(min(max(at, 0.0), LONGEST) * self.rate)
        end = min(start + len(pcm) // 2 * 2, 2 * round(LONGEST * self.rate))
        if start >= end:
            return
        self._pcm.extend(bytes(max(0, start - len(self._pcm))))
        self._pcm[start:end] = pcm[: end - start]

    def cut(self, at: float) -> None:
        """Take away what would have been heard from `at` seconds on."""
        del self._pcm[2 * max(0, round(at * self.rate)) :]

    def samples(self, rate: int) -> npt.NDArray[np.int16]:
        """The side at another rate, shape (n,), int16."""
        encoder = formats.encoder(f"pcm_{rate}", self.rate)
        return np.frombuffer(encoder.feed(bytes(self._pcm)) + encoder.finish(), "<i2")


class Recording:
    """Both sides of a conversation.

    Args:
        user_rate: samples a second of what the caller sends.
        agent_rate: samples a second of what the agent says.
        kept: whether anything is kept at all; an agent's privacy settings may say no.
    """

    def __init__(self, user_rate: int = RATE, agent_rate: int = RATE, kept: bool = True) -> None:
        self.user = Track(user_rate)
        self.agent = Track(agent_rate)
        self.kept = kept

    def heard(self, pcm: bytes, at: float) -> None:
        """The caller was heard saying this at `at` seconds: PCM16 mono."""
        if self.kept:
            self.user.lay(pcm, at)

    def said(self, pcm: bytes, at: float) -> None:
        """The agent's voice is heard saying this at `at` seconds: PCM16 mono."""
        if self.kept:
            self.agent.lay(pcm, at)

    def interrupted(self, at: float) -> None:
        """The agent fell silent at `at` seconds: what was sent beyond it was never heard."""
        self.agent.cut(at)

    def forget(self) -> None:
        """Let go of the sound."""
        self.kept = False
        self.user.cut(0)
        self.agent.cut(0)

    def stereo(self, rate: int = RATE) -> npt.NDArray[np.int16]:
        """Both sides, shape (n, 2), int16: left the caller, right the agent."""
        sides = [self.user.samples(rate), self.agent.samples(rate)]
        both = np.zeros((max(map(len, sides)), 2), "<i2")
        for channel, side in enumerate(sides):
            both[: len(side), channel] = side
        return both

    def wav(self) -> bytes:
        """Both sides as a stereo WAV file."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as wav:
            wav.setnchannels(2)
            wav.setsampwidth(2)
            wav.setframerate(RATE)
            wav.writeframes(self.stereo().tobytes())
        return buffer.getvalue()

    def mp3(self) -> bytes:
        """Both sides as stereo MP3, as the vendor hands recordings out.

        Raises:
            EngineError: a package of the `offline` extra is missing.
        """
        lame = formats.offline_package("lameenc").Encoder()
        lame.silence()
        lame.set_channels(2)
        lame.set_in_sample_rate(RATE)
        lame.set_out_sample_rate(RATE)
        lame.set_bit_rate(KBPS)
        lame.set_quality(formats.LAME_EFFORT)
        both = self.stereo()
        return bytes(lame.encode(both.tobytes()) + lame.flush()) if both.size else b""
