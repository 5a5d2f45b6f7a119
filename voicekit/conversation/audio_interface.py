"""The SDK's four methods over an asynchronous microphone: one adapter for both its conversations.

The SDK calls `start`, `stop`, `output` and `interrupt` and checks no type, so no SDK is imported.
An `AsyncConversation` awaits what they return; a `Conversation` does not look at it, and is called
from a thread that has an event loop of its own for the same code.

The agent's formats, and who said what, the SDK tells no audio interface. It starts one with a
function of the conversation's, and through that `Spoken` finds the conversation. Two private names
are used, each left alone where it is not there.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from voicekit.audio import Clip
from voicekit.conversation.duplex import Duplex
from voicekit.errors import AudioError

if TYPE_CHECKING:
    from voicekit.conversation.clip_speaker import ClipSpeaker
    from voicekit.widgets import Speaker

FORMAT = "pcm_16000"
"""The only one that the SDK's audio interfaces know."""
_SETTINGS = {
    "agent_output_audio_format": ("speaks", "tts"),
    "user_input_audio_format": ("listens to", "asr"),
}
_PATIENCE = 2.0  # seconds that `stop` waits for a callback which is writing to a socket


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


class AudioInterface(Duplex):
    """A `Duplex` that is the SDK's audio interface too; the devices are made of it."""

    def __init__(self, speaker: Speaker | ClipSpeaker, clock: Callable[[], float]) -> None:
        super().__init__(speaker, clock)
        self._spoken = Spoken()
        self._pump: _Pump | None = None

    def _open(self) -> None:
        super()._open()
        self._spoken = Spoken()

    def clip(self) -> Clip:
        """What has been heard of the agent, without the pauses between, and its transcript."""
        return replace(self.speaker.clip(self._before), text=self._spoken.agent)

    @abstractmethod
    def sent(self) -> Clip:
        """What the agent was sent, noise and pauses included, and what it understood."""

    def start(self, input_callback: Callable[[bytes], object]) -> Done:
        """Begin to call `input_callback` with blocks of PCM16 at 16 kHz.

        A coroutine function is awaited in a task of the running event loop. Any other is called in
        a thread of its own, where a socket that stalls holds up nothing but the microphone.

        Raises:
            AudioError: another conversation is going on.
        """
        self._open()
        self._spoken.listen(input_callback)
        self._pump = _Pump(lambda: self._send(input_callback), _is_asynchronous(input_callback))
        return Done()

    def stop(self) -> Done:
        """Fall silent and end. Safe from any thread or task, inside the callback, and twice."""
        self._close()
        return self._pump.stop() if self._pump else Done()

    def output(self, audio: bytes) -> Done:
        """Have the agent heard, after what it has said before."""
        self._give(audio)
        return Done()

    def interrupt(self) -> Done:
        """Drop what has not been heard yet."""
        self.speaker.interrupt()
        return Done()

    async def _send(self, callback: Callable[[bytes], object]) -> None:
        try:
            while (frame := await self._read()) is not None:
                sending = callback(frame.pcm)
                if isinstance(sending, Awaitable):
                    await sending
        except asyncio.CancelledError:
            held = conversation_of(callback)
            if self.state == "started" and held and _is_asynchronous(callback):
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


def conversation_of(input_callback: Callable[..., object]) -> Any:
    """The SDK's conversation that an audio interface is started by; None when it is another's."""
    try:
        return inspect.getclosurevars(input_callback).nonlocals.get("self")
    except TypeError:  # no function
        return None


class Spoken:
    """Who said what in one conversation; any thread may ask."""

    def __init__(self) -> None:
        self._agent: list[str] = []
        self._caller: list[str] = []
        self._lock = threading.Lock()

    @property
    def agent(self) -> str:
        """What the agent said; of an answer that was interrupted, what was heard."""
        with self._lock:
            return " ".join(self._agent)

    @property
    def caller(self) -> str:
        """What the agent understood."""
        with self._lock:
            return " ".join(self._caller)

    def listen(self, input_callback: Callable[..., object]) -> None:
        """Be told of each message of the conversation that `input_callback` belongs to."""
        conversation = conversation_of(input_callback)
        for name in ("_handle_message_core", "_handle_message_core_async"):
            handle = getattr(conversation, name, None)
            if callable(handle):
                setattr(conversation, name, self._before(handle))

    def hear(self, message: dict[str, Any]) -> None:
        """Note one message.

        Raises:
            AudioError: the agent speaks or listens to another format than the SDK's interfaces do.
        """
        kind = str(message.get("type"))
        event = message.get(f"{kind}_event") or message.get("user_transcription_event") or {}
        with self._lock:
            if kind == "conversation_initiation_metadata":
                _check(event)
            elif kind == "agent_response":
                self._agent.append(str(event.get("agent_response", "")).strip())
            elif kind == "agent_response_correction" and self._agent:
                self._agent[-1] = str(event.get("corrected_agent_response", "")).strip()
            elif kind == "user_transcript":
                self._caller.append(str(event.get("user_transcript", "")).strip())

    def _before(self, handle: Callable[..., object]) -> Callable[..., object]:
        def hear_and_handle(message: dict[str, Any], handler: object) -> object:
            self.hear(message)
            return handle(message, handler)

        return hear_and_handle


def _check(announced: dict[str, Any]) -> None:
    for name, (does, section) in _SETTINGS.items():
        if announced.get(name, FORMAT) != FORMAT:
            raise AudioError(
                f"The agent {does} {announced[name]}, and the SDK's audio interfaces know "
                f"{FORMAT} alone: it would sound at the wrong pace. Set "
                f"conversation_config.{section}.{name} of the agent to {FORMAT!r}."
            )
