"""`/v1/text-to-speech/{voice_id}/multi-stream-input`: several voices' texts on one socket.

Each context has its own buffer, settings and pace; their audio is interleaved. Every message that
belongs to one carries its id in both spellings, since clients differ in which they read.
`flush` never ends a context; `close_context` does, with one `isFinal` message of its own after the
audio that was asked for. Source: the vendor's AsyncAPI contract and
https://elevenlabs.io/docs/cookbooks/multi-context-web-socket.
"""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket

from voicekit.standin.http.refusals import Refusal
from voicekit.standin.speech.context import Context
from voicekit.standin.speech.messages import ClientMessage
from voicekit.standin.speech.socket import TIMED_OUT, Complaint, Line, serve

MOST = 5
"""Open contexts a socket may have."""

DEFAULT = "default"
"""The context of messages that name none; the vendor does not say what it is called."""


async def multi_stream_input(websocket: WebSocket) -> None:
    """Serve one connection."""
    await serve(websocket, _talk)


async def _talk(line: Line) -> None:
    async with asyncio.TaskGroup() as outer:
        async with asyncio.TaskGroup() as speaking:
            contexts = Contexts(line, speaking)
            reading = outer.create_task(contexts.read())
            await contexts.closing.wait()
        reading.cancel()


class Contexts:
    """The contexts of one socket.

    Attributes:
        line: the socket.
        open: the contexts that take text, by name.
    """

    def __init__(self, line: Line, speaking: asyncio.TaskGroup) -> None:
        self.closing = asyncio.Event()
        self.line = line
        self._speaking = speaking
        self.open: dict[str, Context] = {}
        self._idle: dict[str, asyncio.TimerHandle] = {}
        self._closed: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self) -> None:
        """Take messages until the client leaves."""
        try:
            while True:
                try:
                    message = await self.line.receive()
                except Complaint as complaint:
                    if complaint.name == TIMED_OUT and self._tasks:
                        continue  # every context ends by its own timer, and may still speak
                    raise
                if not self.closing.is_set():
                    self._take(message)
        finally:
            for timer in self._idle.values():
                timer.cancel()

    def _take(self, message: ClientMessage) -> None:
        name = message.context_id or DEFAULT
        if message.close_socket:
            for known in list(self.open):
                self._close(known, flush=True)
            self.closing.set()
        elif message.close_context:
            self._close(name)
        elif name in self.open or self._opens(name, message):
            self._hear(name, message)

    def _opens(self, name: str, message: ClientMessage) -> bool:
        """Whether a message opens a context: an empty one never, and a closed one needs a start.

        Text for a closed context is late and is dropped; a blank or settings begin it anew.
        """
        if not message.text:
            return False
        begins = message.text.isspace() or message.voice_settings or message.generation_config
        return bool(begins) or name not in self._closed

    def _hear(self, name: str, message: ClientMessage) -> None:
        names = {"contextId": name, "context_id": name}
        if name not in self.open:
            self._admit(name)
            self._start(name, Context(self.line, names, final={"isFinal": True}))
        try:
            self.open[name].hear(message)
        except (Complaint, Refusal) as error:
            raise Complaint(error.name, error.message, names) from error
        self._rest(name)

    def _admit(self, name: str) -> None:
        """See that there is room for one more context.

        Raises:
            Complaint: there is not.
        """
        if len(self.open) == MOST:
            raise Complaint(
                "max_active_conversations",
                "Maximum simultaneous contexts per WebSocket connection exceeded "
                f"({MOST}). Please close an existing context before opening a new one.",
                {"contextId": name, "context_id": name},
            )

    def _start(self, name: str, context: Context) -> None:
        self.open[name] = context
        self._closed.discard(name)
        task = self._speaking.create_task(context.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _rest(self, name: str) -> None:
        """Begin to count a context's idle time anew."""
        if name in self._idle:
            self._idle[name].cancel()
        loop = asyncio.get_running_loop()
        self._idle[name] = loop.call_later(self.line.query.inactivity_timeout, self._close, name)

    def _close(self, name: str, flush: bool = False) -> None:
        if context := self.open.pop(name, None):
            self._idle.pop(name).cancel()
            self._closed.add(name)
            context.end(flush=flush)
