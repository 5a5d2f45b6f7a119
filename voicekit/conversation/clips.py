"""Clips behind the audio seam of the official SDK: `start`, `stop`, `output`, `interrupt`.

The SDK calls these four and checks no type, so neither class needs the SDK to be imported.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

from voicekit.conversation.device import Device
from voicekit.conversation.messages import conversation_of

_PATIENCE = 2.0  # seconds that `stop` waits for a callback which is writing to a socket


class ClipAudio(Device):
    """A caller made of clips for `elevenlabs.conversational_ai.conversation.Conversation`.

    The microphone plays the clips in real time over a noise floor; what the agent says is
    collected and counts as heard at the pace of real time, so an interruption cuts it where a
    listener would have been. One object serves one conversation.
    """

    _thread: threading.Thread | None = None

    def start(self, input_callback: Callable[[bytes], object]) -> None:
        """Begin to call `input_callback` with blocks of PCM16 at 16 kHz, from a thread of our own.

        Raises:
            AudioError: it was started before.
        """
        self._begin()
        self._spoken.listen(input_callback)
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._pump, args=(input_callback,), name="voicekit-clip-audio", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Fall silent and end. Safe from any thread, also from inside the callback, and twice."""
        self._end()
        thread = self._thread
        if thread is None:
            return
        self._stop.set()
        if thread is not threading.current_thread():
            thread.join(_PATIENCE)

    def output(self, audio: bytes) -> None:
        """Have the agent heard, after what it has said before."""
        self._play(audio)

    def interrupt(self) -> None:
        """Drop what has not been heard yet."""
        self._interrupt()

    def _pump(self, callback: Callable[[bytes], object]) -> None:
        while not self._stop.is_set():
            self.clock.wait(self._due, self._stop)
            if not self._stop.is_set():
                callback(self._cut())


class AsyncClipAudio(Device):
    """`ClipAudio` for `AsyncConversation`: the same four methods as coroutines."""

    _task: asyncio.Task[None] | None = None

    async def start(self, input_callback: Callable[[bytes], Awaitable[object]]) -> None:
        """Begin to await `input_callback` with blocks of PCM16 at 16 kHz, in a task of our own.

        Raises:
            AudioError: it was started before.
        """
        self._begin()
        self._spoken.listen(input_callback)
        self._task = asyncio.create_task(self._pump(input_callback))

    async def stop(self) -> None:
        """Fall silent and end. Safe from any task, also from inside the callback, and twice."""
        self._end()
        task = self._task
        if task is None or task is asyncio.current_task():
            return
        task.cancel()
        await asyncio.wait([task])

    async def output(self, audio: bytes) -> None:
        """Have the agent heard, after what it has said before."""
        self._play(audio)

    async def interrupt(self) -> None:
        """Drop what has not been heard yet."""
        self._interrupt()

    async def _pump(self, callback: Callable[[bytes], Awaitable[object]]) -> None:
        try:
            while self.state == "started":
                await self.clock.sleep(self._due)
                if self.state == "started":
                    await callback(self._cut())
        except asyncio.CancelledError:
            # Not by `stop`: the event loop goes down. The SDK may miss its own cancellation.
            if self.state == "started" and (held := conversation_of(callback)):
                await held.end_session()
            raise
