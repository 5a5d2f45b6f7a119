"""What `bench browser` runs in the notebook's kernel. Times are seconds since 1970."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable

import numpy as np
from IPython.display import display

from voicekit.audio import Clip
from voicekit.errors import AudioError
from voicekit.widgets import Frame, Microphone, Speaker

_PATIENCE = 30.0
_LOUD = -30.0  # dBFS


class Bench:
    """A microphone that listens and a speaker, shown below the cell that makes them.

    Args:
        frame: seconds in a frame of the microphone.
        mode: what the cell does meanwhile: it "blocks", "awaits" or "computes".
    """

    def __init__(self, frame: float, mode: str) -> None:
        self.mode = mode
        self.mic = Microphone(processing=False, frame=frame)
        display(self.mic)  # type: ignore[no-untyped-call]
        self.mic.start()
        deadline = time.monotonic() + _PATIENCE
        while self.mic.state != "listening":
            if self.mic.error or time.monotonic() > deadline:
                raise AudioError(self.mic.error or f"The microphone is {self.mic.state}.")
            time.sleep(0.05)

    def open(self, rate: int) -> None:
        """Show a speaker and open the page's sound, which takes a moment the first time."""
        self.speaker = Speaker(rate=rate)
        display(self.speaker)  # type: ignore[no-untyped-call]
        self.speaker.ready(_PATIENCE)
        self.speaker.play(bytes(rate // 5))
        if not self.speaker.wait(_PATIENCE) or self.speaker.error:
            raise AudioError(self.speaker.error or f"The speaker is {self.speaker.state}.")

    def noise(self, seconds: float) -> bytes:
        """Sound without a silent sample."""
        samples = np.random.default_rng(2).integers(1000, 5000, int(seconds * self.speaker.rate))
        return samples.astype("<i2").tobytes()

    async def frames(self, seconds: float) -> None:
        """Print when each frame came; what they hold goes into heard.wav."""
        heard: list[tuple[float, bytes]] = []

        def work() -> list[float]:
            end = self.mic.on_frame(lambda frame: heard.append((time.time(), frame.pcm)))
            time.sleep(seconds)
            end()
            Clip(b"".join(pcm for _, pcm in heard), 16000).save("heard.wav")
            return [at for at, _ in heard]

        await self._beside(work)

    async def turns(self, count: int, seconds: float) -> None:
        """Play, and stop in the middle; print when each was asked for."""
        sound = self.noise(seconds)

        def work() -> list[list[float]]:
            played, stopped = [], []
            for _ in range(count):
                played.append(time.time())
                self.speaker.play(sound)
                time.sleep(0.4)
                stopped.append(time.time())
                self.speaker.interrupt()
                time.sleep(0.4)
            return [played, stopped]

        await self._beside(work)

    async def barge_ins(self, count: int) -> None:
        """Stop as soon as 40 ms of the microphone were loud; print when that was."""
        sound = self.noise(4)
        stopped = []
        loud = 0.0

        def gate(frame: Frame) -> None:
            nonlocal loud
            loud = loud + self.mic.frame if Clip(frame.pcm, 16000).level > _LOUD else 0.0
            if loud >= 0.04 and self.speaker.pending:
                stopped.append(time.time())
                self.speaker.interrupt()

        def work() -> list[float]:
            end = self.mic.on_frame(gate)
            for _ in range(count):
                self.speaker.play(sound)
                self.speaker.wait(6)
                time.sleep(0.7)
            end()
            return stopped

        await self._beside(work)

    async def _beside(self, work: Callable[[], object]) -> None:
        """Work in a thread while the cell does what `mode` says; print the result."""
        result: list[object] = []
        thread = threading.Thread(target=lambda: result.append(work()))
        thread.start()
        while thread.is_alive():
            if self.mode == "blocks":
                thread.join()
            elif self.mode == "awaits":
                await asyncio.sleep(0.01)
            else:
                sum(range(999))
        print(json.dumps(result[0]))
