"""`Duplex`: a microphone and a loudspeaker as one object, for the SDK and for a loop by hand.

A browser, recorded clips and a caller who speaks a script have the same methods, one rate and one
unit of time: PCM16 mono at 16 kHz, and float seconds. A device implements the five methods without
a body; all of it is asynchronous. The synchronous SDK gets the same code in a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from typing import Any, NamedTuple, Protocol, Self

from voicekit.arguments import check_type
from voicekit.conversation.messages import Spoken, conversation_of
from voicekit.conversation.track import RATE
from voicekit.errors import AudioError

_PATIENCE = 2.0  # seconds that `stop` waits for a callback which is writing to a socket


class AudioFrame(NamedTuple):
    """Sound of the microphone, PCM16 mono at 16 kHz.

    Args:
        pcm: the samples.
        at: seconds of the microphone's sound before its first sample.
    """

    pcm: bytes
    at: float

    @property
    def end(self) -> float:
        """Seconds of the microphone's sound up to its last sample."""
        return self.at + len(self.pcm) / 2 / RATE


class Sound(Protocol):
    """A `Clip`, or a `Chunk` of a voice: PCM16 that knows its rate."""

    @property
    def pcm(self) -> bytes:
        """The samples."""

    @property
    def rate(self) -> int:
        """Samples a second."""


class Done:
    """Returned by the SDK's methods: `Conversation` ignores it, `AsyncConversation` awaits it.

    Args:
        task: what to wait for; its error is not raised here.
    """

    def __init__(self, task: asyncio.Task[None] | None = None) -> None:
        self._task = task

    def __await__(self) -> Generator[Any, None, None]:
        if self._task is not None:
            yield from asyncio.wait([self._task]).__await__()


class Duplex(ABC):
    """A microphone and a loudspeaker: an `AgentAudio`, a `ClipAudio` or a `Caller`.

    ```python
    audio = voicekit.AgentAudio(block=0.02)      # or voicekit.Caller(script, world)

    async def say(utterance):                    # a task: `flush` may come at any time
        audio.begin()
        async for chunk in utterance:            # of Voice(world, rate=audio.sample_rate)
            audio.play(chunk)
        await audio.drain()

    async with audio:                            # the microphone is on inside the block
        async for frame in audio.frames():
            for event in detector.push(frame.pcm, agent_talks=audio.playing):
                if isinstance(event, SpeechStarted) and audio.playing:
                    heard = utterance.heard(audio.flush())
    ```

    The same object is the `audio_interface` of the SDK's `Conversation` and `AsyncConversation`,
    which call `start`, `stop`, `output` and `interrupt`.
    """

    sample_rate = RATE
    """Samples a second of the frames, and of what is played."""

    def __init__(self) -> None:
        self._spoken = Spoken()
        self._pump: _Pump | None = None
        self._reading = self._was_opened = False
        self._given = 0.0  # seconds of sound that were given since `begin`
        self._start: float | None = 0.0  # of the utterance in what was heard; None: to be found

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # no state: notebooks compare it

    # --- what a device is -----------------------------------------------------------------------

    @property
    @abstractmethod
    def now(self) -> float:
        """Seconds since it was opened; stands still once it is closed."""

    @property
    @abstractmethod
    def pending(self) -> float:
        """Seconds of sound that were given and are not heard yet."""

    @abstractmethod
    async def drain(self) -> None:
        """Wait until everything that was given has been heard, or thrown away."""

    @property
    @abstractmethod
    def _is_open(self) -> bool:
        """Whether it captures and plays."""

    @abstractmethod
    def _open(self) -> None:
        """Begin to capture, and to count from zero.

        Raises:
            AudioError: it cannot be opened now.
        """

    async def _wait_until_open(self) -> None:  # noqa: B027  most devices need not
        """Wait for a person's permission.

        Raises:
            AudioError: there is no microphone, or nobody allowed it.
        """

    @abstractmethod
    def _close(self) -> None:
        """Capture nothing and fall silent; any thread may call it, and twice."""

    @abstractmethod
    async def _next(self) -> AudioFrame | None:
        """Wait for the next frame; None once it is closed."""

    @abstractmethod
    def _give(self, pcm: bytes) -> None:
        """Queue sound."""

    @abstractmethod
    def _silence(self) -> None:
        """Throw away what is queued."""

    @property
    @abstractmethod
    def _heard(self) -> float:
        """Seconds of sound that were heard since it was opened."""

    @property
    @abstractmethod
    def _queued(self) -> float:
        """Seconds of sound that were heard or will be, if nothing is thrown away."""

    # --- for a loop by hand ---------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._switch_on()
        await self._wait_until_open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    async def frames(self) -> AsyncIterator[AudioFrame]:
        """Iterate the microphone's frames, to the end of the `async with` block or of a script.

        Whoever is slower than the sound gets old frames: up to five seconds of a browser's, which
        then drops the oldest, and all of a clip's.

        Raises:
            AudioError: the device is not open, or another task reads it.
        """
        self._check_open()
        while (frame := await self._read()) is not None:
            yield frame
            if self._is_over():
                return

    def play(self, sound: bytes | Sound) -> None:
        """Queue sound and return at once; bytes may end within a sample.

        Args:
            sound: PCM16 mono at `sample_rate`: bytes, a `Clip`, or a `Chunk` of a `Voice`.

        Raises:
            AudioError: its rate is another, or the device was never opened.
            TypeError: it is something else.
        """
        self._check_open()
        rate = getattr(sound, "rate", RATE)
        if rate != RATE:
            raise AudioError(
                f"Sound of {rate} Hz for a device of {RATE}. Ask for it at its source: "
                f"Voice(world, rate={RATE})."
            )
        pcm: Any = getattr(sound, "pcm", sound)
        check_type("sound", pcm, bytes, "Pass PCM16, a Clip, or a chunk of a voice.")
        self.output(pcm)

    def begin(self) -> None:
        """Begin another utterance: `played` counts from the end of what is queued now."""
        self._start = None
        self._given = 0.0

    @property
    def played(self) -> float:
        """Seconds of the present utterance that were heard: since `begin`, or since the opening.

        It stays after the end of the sound and after `flush`, until the next `begin`.
        """
        return max(0.0, self._heard - self._origin)

    @property
    def playing(self) -> bool:
        """Whether there is sound left to hear."""
        return self.pending > 0

    def flush(self) -> float:
        """Fall silent at once, and return `played`: what `Utterance.heard` takes.

        A browser reports what it played with a delay, so `played` may still grow by a tenth of a
        second; what is returned here is never more than was heard.
        """
        self._start = self._origin
        self._silence()
        return self.played

    @property
    def _origin(self) -> float:
        """The start of the present utterance, in seconds of all that was heard."""
        return self._queued - self._given if self._start is None else self._start

    def _is_over(self) -> bool:
        """Whether no more is to be expected of the microphone."""
        return False

    def _switch_on(self) -> None:
        self._open()
        self._spoken, self._was_opened = Spoken(), True
        self._start, self._given = 0.0, 0.0

    def _check_open(self) -> None:
        if not self._was_opened:
            raise AudioError(
                f"Open the device first: `async with audio:` (a {type(self).__name__})."
            )

    async def _read(self) -> AudioFrame | None:
        if self._reading:
            raise AudioError(
                "Two tasks read this microphone, and each would miss what the other gets. "
                "Read it in one, and hand the frames on in an asyncio.Queue."
            )
        self._reading = True
        try:
            return await self._next()
        finally:
            self._reading = False

    # --- for the SDK ----------------------------------------------------------------------------

    def start(self, input_callback: Callable[[bytes], object]) -> Done:
        """Begin to call `input_callback` with blocks of PCM16 at 16 kHz.

        A coroutine function is awaited in a task of the running event loop. Any other is called in
        a thread of its own, where a socket that stalls holds up nothing but the microphone.

        Raises:
            AudioError: another conversation is going on.
        """
        self._switch_on()
        self._spoken.listen(input_callback)
        self._pump = _Pump(lambda: self._send(input_callback), _is_asynchronous(input_callback))
        return Done()

    def stop(self) -> Done:
        """Fall silent and end. Safe from any thread or task, inside the callback, and twice."""
        self._close()
        return self._pump.stop() if self._pump else Done()

    def output(self, audio: bytes) -> Done:
        """Have the agent heard, after what it has said before."""
        if self._is_open:
            self._given += len(audio) / 2 / RATE
            self._give(audio)
        return Done()

    def interrupt(self) -> Done:
        """Drop what has not been heard yet."""
        self._silence()
        return Done()

    async def _send(self, callback: Callable[[bytes], object]) -> None:
        try:
            while (frame := await self._read()) is not None:
                sending = callback(frame.pcm)
                if isinstance(sending, Awaitable):
                    await sending
        except asyncio.CancelledError:
            held = conversation_of(callback)
            if self._is_open and held and _is_asynchronous(callback):
                # Not by `stop`: the event loop goes down. The SDK may miss its own cancellation.
                await held.end_session()
            raise


class _Pump:
    """Runs a loop: as a task of this event loop, or in a thread with an event loop of its own."""

    def __init__(self, loop: Callable[[], Coroutine[Any, Any, None]], asynchronous: bool) -> None:
        self._loop = loop
        self._events: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self.thread: threading.Thread | None = None
        if asynchronous:
            self._task = asyncio.create_task(loop())
        else:
            self.thread = threading.Thread(target=self._run, name="voicekit-audio", daemon=True)
            self.thread.start()

    def stop(self) -> Done:
        """End it: wait here for the thread, unless it hangs; the task is for `await`."""
        thread, task = self.thread, self._task
        if thread is None:
            if task is None or task is _current_task():
                return Done()
            task.cancel()
            return Done(task)
        if thread is not threading.current_thread():
            if self._events and task:
                with contextlib.suppress(RuntimeError):  # it has ended
                    self._events.call_soon_threadsafe(task.cancel)
            thread.join(_PATIENCE)
        return Done()

    def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._follow())

    async def _follow(self) -> None:
        self._events, self._task = asyncio.get_running_loop(), asyncio.current_task()
        await self._loop()


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no event loop runs here
        return None


def _is_asynchronous(callback: Callable[..., object]) -> bool:
    return inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
        getattr(callback, "__call__", None)  # noqa: B004  an object with an asynchronous call
    )
