"""`AgentAudio`: the notebook's microphone and speaker as the SDK's `audio_interface`.

The SDK calls four methods and checks no type, so neither class needs the SDK to be imported.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import ipywidgets  # type: ignore[import-untyped]

from voicekit.arguments import check_seconds, check_type
from voicekit.audio import Clip
from voicekit.conversation.hearing import Hearing
from voicekit.conversation.messages import Spoken, conversation_of
from voicekit.errors import AudioError
from voicekit.timeline import Timeline
from voicekit.widgets import Frame, Microphone, Speaker
from voicekit.widgets.frames import FrameQueue

RATE = 16_000
"""Samples a second at the SDK's seam, both ways."""
_PATIENCE = 2.0  # seconds that `stop` waits for a callback which is writing to a socket
_LOOK = 0.02  # seconds between two looks at whether the microphone listens
_WAITING = 5.0  # seconds of microphone that wait for the socket before the oldest is dropped


class _Browser:
    """What the synchronous and the asynchronous form share.

    Args:
        microphone: by default one of its own, with the browser's echo cancellation.
        speaker: by default one of its own; another one must have 16 kHz.
        block: seconds of microphone in one message to the agent.
        keep: seconds of each side that stay available afterwards.

    Raises:
        AudioError: the speaker has another rate than 16 kHz.
        TypeError: microphone or speaker is something else.
        ValueError: `block` is out of range.
    """

    def __init__(
        self,
        microphone: Microphone | None = None,
        speaker: Speaker | None = None,
        *,
        block: float = 0.1,
        keep: float = 600.0,
    ) -> None:
        for name, widget, kind in (
            ("microphone", microphone, Microphone),
            ("speaker", speaker, Speaker),
        ):
            if widget is not None:
                check_type(name, widget, kind, f"Pass a {kind.__name__}, or leave it out.")
        check_seconds("block", block, least=0.001, most=1.0)
        if speaker is not None and speaker.rate != RATE:
            raise AudioError(
                f"The agent speaks at {RATE} Hz, this speaker plays {speaker.rate}. "
                f"Make a Speaker(rate={RATE})."
            )
        self.microphone = microphone or Microphone(frame=0.1 if block >= 0.1 else 0.02)
        self.speaker = speaker or Speaker(rate=RATE)
        self._block = 2 * max(1, round(block * RATE))
        self._keep = keep
        self._hearing = Hearing(RATE, keep)
        self._spoken = Spoken()
        self._before = 0
        self._partial = b""
        self._running = False
        self._ends: list[Callable[[], None]] = []
        self._view: Any = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # no state: notebooks compare it

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Both widgets, one above the other."""
        if self._view is None:
            self._view = ipywidgets.VBox([self.microphone, self.speaker])
        bundle = self._view._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = repr(self)
        return bundle

    def ready(self, timeout: float = 2.0) -> bool:
        """Wait until a browser answers; False when none does within `timeout` seconds."""
        return self.microphone.ready(timeout)

    def missing(self, timeout: float = 30.0) -> str:
        """Ask for the microphone, and say what a conversation would lack here; "" is nothing.

        It is off again afterwards, and allowed.

        Args:
            timeout: seconds that a person has to allow it.
        """
        microphone = self.microphone
        if not self.ready():
            return "No browser answers, so there is no microphone here."
        microphone.start()
        try:
            deadline = time.monotonic() + timeout
            while microphone.state in {"starting", "asking"} and time.monotonic() < deadline:
                time.sleep(_LOOK)
            if microphone.state == "listening":
                return ""
            return microphone.error or f"Nobody allowed the microphone within {timeout:g} s."
        finally:
            microphone.stop()

    @property
    def error(self) -> str:
        """What is wrong with microphone or speaker and what to do; empty when nothing is."""
        return self.microphone.error or self.speaker.error

    @property
    def played(self) -> int:
        """How many of the agent's samples have been heard, at 16 kHz."""
        return max(0, round(self.speaker.played * RATE) - self._before)

    def clip(self) -> Clip:
        """What has been heard of the agent, without the pauses between, and its transcript."""
        return replace(self.speaker.clip(self._before / RATE), text=self._spoken.agent)

    def sent(self) -> Clip:
        """What the agent was sent, noise and pauses included, and what it understood."""
        return self._hearing.sent(self._spoken.caller)

    def turns(self, profile: str | None = None, last: int | None = None) -> list[Timeline]:
        """One timeline for each stretch of speech: its end, and when the answer became audible.

        Both are found in the sound itself, so they include everything in between.

        Args:
            profile: the simulated latency profile, `world.profile`; None is live.
            last: how many turns, the newest; None is all of them.
        """
        return self._hearing.turns(
            lambda: Timeline(time.monotonic, profile), self.speaker.latency, last
        )

    def close(self) -> None:
        """Release the devices and take both widgets away; calling it twice is safe."""
        self._end()
        self.microphone.close()
        self.speaker.close()

    def _begin(self, hear: Callable[[Frame], object], callback: Callable[..., object]) -> None:
        if self._running:
            raise AudioError("This audio has a conversation already. End that one first.")
        self._running = True
        self._partial = b""
        self._before = round(self.speaker.played * RATE)
        self._hearing = hearing = Hearing(RATE, self._keep, self._before)
        self._spoken = Spoken()
        self._spoken.listen(callback)
        self._ends = [
            self.microphone.on_frame(lambda f: hearing.frame(f.pcm, f.seq, f.at)),
            self.microphone.on_frame(hear),
            self.speaker.on_played(
                lambda seconds: hearing.played(round(seconds * RATE), time.monotonic(), self._sound)
            ),
        ]
        self.speaker.prepare()
        self.microphone.start()

    def _end(self) -> None:
        """Capture nothing, be silent, call nobody. Calling it twice is safe."""
        self._running = False
        for end in self._ends:
            end()
        self._ends = []
        self.microphone.stop()
        self.speaker.interrupt()

    def _sound(self, start: int, end: int) -> bytes:
        """What the speaker played from one count of samples to another."""
        return self.speaker.clip(start / RATE, end / RATE).pcm

    def _blocks(self, frame: Frame) -> list[bytes]:
        """What is complete now, in messages of the asked length."""
        pcm, size = self._partial + frame.pcm, self._block
        whole = len(pcm) - len(pcm) % size
        self._partial = pcm[whole:]
        return [pcm[start : start + size] for start in range(0, whole, size)]


class AgentAudio(_Browser):
    """The browser's microphone and speaker for the SDK's `Conversation`.

    ```python
    audio = voicekit.AgentAudio()
    conversation = Conversation(client, agent_id, requires_auth=True, audio_interface=audio)
    ```

    Show it in a cell of its own: it is both widgets, with their buttons and their errors in words.
    One object serves one conversation after the other.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turn = threading.RLock()

    def start(self, input_callback: Callable[[bytes], object]) -> None:
        """Begin to call `input_callback` with blocks of PCM16 at 16 kHz.

        It is called in the microphone's own thread, where a socket that stalls holds up nothing
        but the microphone: of what waits, the oldest is dropped.

        Raises:
            AudioError: another conversation is going on, or the widgets were closed.
        """

        def hear(frame: Frame) -> None:
            for block in self._blocks(frame):
                with self._turn:
                    if self._running:
                        input_callback(block)

        self._begin(hear, input_callback)

    def stop(self) -> None:
        """Fall silent and end. Safe from any thread, also from inside the callback, and twice."""
        self._running = False
        # After this nothing is sent any more, unless the socket hangs in a send right now.
        if self._turn.acquire(timeout=_PATIENCE):
            self._turn.release()
        self._end()

    def output(self, audio: bytes) -> None:
        """Have the agent heard, after what it has said before."""
        if self._running:
            self.speaker.play(audio)

    def interrupt(self) -> None:
        """Drop what has not been heard yet."""
        self.speaker.interrupt()


class AsyncAgentAudio(_Browser):
    """`AgentAudio` for `AsyncConversation`: the same four methods as coroutines."""

    _task: asyncio.Task[None] | None = None

    async def start(self, input_callback: Callable[[bytes], Awaitable[object]]) -> None:
        """Begin to await `input_callback` with blocks of PCM16 at 16 kHz, in a task of our own.

        Raises:
            AudioError: another conversation is going on, or the widgets were closed.
        """
        frames = FrameQueue(round(_WAITING / self.microphone.frame))
        self._begin(frames.put, input_callback)
        self._ends.append(frames.end)
        self._task = asyncio.create_task(self._pump(frames, input_callback))

    async def stop(self) -> None:
        """Fall silent and end. Safe from any task, also from inside the callback, and twice."""
        self._end()
        task = self._task
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait([task])

    async def output(self, audio: bytes) -> None:
        """Have the agent heard, after what it has said before."""
        if self._running:
            self.speaker.play(audio)

    async def interrupt(self) -> None:
        """Drop what has not been heard yet."""
        self.speaker.interrupt()

    async def _pump(
        self, frames: FrameQueue, callback: Callable[[bytes], Awaitable[object]]
    ) -> None:
        try:
            while (frame := await frames.get()) is not None:
                for block in self._blocks(frame):
                    if self._running:
                        await callback(block)
        except asyncio.CancelledError:
            # Not by `stop`: the event loop goes down. The SDK may miss its own cancellation.
            if self._running and (held := conversation_of(callback)):
                await held.end_session()
            raise
