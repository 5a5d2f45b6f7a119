"""The dialogue models' side of the wire: each utterance is a context of one socket.

`eleven_v3_conversational`, `eleven_v4_turbo` and their kin are served there alone. The server holds
about 40 characters back, so every phrase is flushed; who interrupts closes the context and keeps
the socket. Message contract: `TextToDialogueWebsocket…` in the types of the official SDK, 2.78.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from voicekit.errors import SpeechDroppedError, SpeechError
from voicekit.speech.channel import Address, check_close, dial
from voicekit.speech.messages import Audio, read

SETTINGS = ("stability",)
"""What these models read of a voice's settings; the vendor passes over the others in silence."""
_IDLE = "voicekit-idle"  # a context that never speaks: the socket ends without one
_KEEP_ALIVE = 10.0  # seconds; a context is closed after 20 without a message


def is_dialogue(model: str) -> bool:
    """Whether a model is on the dialogue sockets and on no other."""
    return model.startswith(("eleven_v3", "eleven_v4"))


class DialogueLine:
    """One socket for a conversation's utterances; `Spare` is its twin for the other models."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: ClientConnection | None = None
        self._contexts: dict[str, asyncio.Queue[str | ConnectionClosed]] = {}
        self._number = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._opening = asyncio.Lock()
        self._kept = False  # between utterances, since somebody asked for it
        self.opened = 0
        """Sockets so far: one, unless the vendor hung up."""

    async def warm(self) -> None:
        """Connect, if there is no connection.

        Raises:
            SpeechError: the vendor refuses, or cannot be reached.
        """
        self._kept = True
        await self._connect()

    async def _connect(self) -> None:
        async with self._opening:
            if self._socket is not None and self._socket.close_code is None:
                return
            self._socket = await dial(self._address.base_url, self._url(), self._address.key)
            self.opened += 1
            self._start(self._read(self._socket))
            self._start(self._keep_alive(self._socket))

    async def channel(self) -> Turn:
        """A context for one utterance, registered with the voice."""
        await self._connect()
        assert self._socket is not None  # noqa: S101
        self._number += 1
        name = f"utterance-{self._number}"
        messages = self._contexts[name] = asyncio.Queue()
        turn = Turn(self, self._socket, name, messages, self._address.voice)
        first: dict[str, Any] = {"voices": [self._address.voice]}
        if self._address.settings:
            first["voice_settings"] = dict(self._address.settings)
        with contextlib.suppress(SpeechDroppedError):  # who refuses at once is read by `audio`
            await turn.say(first)
        return turn

    async def close(self) -> None:
        """Hang up."""
        self._kept = False
        socket, self._socket = self._socket, None
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()
        if socket is not None:
            await socket.close()

    def leave(self, turn: Turn, name: str) -> None:
        """Drop what still comes of a context, and close it; nobody waits for that."""
        self._contexts.pop(name, None)
        if self._kept or self._contexts:
            self._start(turn.close())
        else:
            self._start(self.close())

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, socket: ClientConnection) -> None:
        """Hand each message to its context; an end of the socket to all of them."""
        try:
            while True:
                message = await socket.recv()
                name = _context(message)
                for known in (
                    [name] if name in self._contexts else [] if name else [*self._contexts]
                ):
                    self._contexts[known].put_nowait(str(message))
        except ConnectionClosed as closed:
            for messages in self._contexts.values():
                messages.put_nowait(closed)

    async def _keep_alive(self, socket: ClientConnection) -> None:
        idle: dict[str, Any] = {"context_id": _IDLE, "voices": [self._address.voice]}
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.send(json.dumps(idle))
                idle = {"context_id": _IDLE, "keep_alive": True}
                await asyncio.sleep(_KEEP_ALIVE)

    def _url(self) -> str:
        query = {
            "model_id": self._address.model,
            "output_format": f"pcm_{self._address.rate}",
            "sync_alignment": "true",
        }
        base = self._address.base_url.rstrip("/").replace("http", "ws", 1)
        return f"{base}/v1/text-to-dialogue/multi-stream-input?{urlencode(query)}"


class Turn:
    """One utterance's context; `Channel` is its twin."""

    def __init__(
        self,
        line: DialogueLine,
        socket: ClientConnection,
        name: str,
        messages: asyncio.Queue[str | ConnectionClosed],
        voice: str,
    ) -> None:
        self._line, self._socket, self._name = line, socket, name
        self._messages, self._voice = messages, voice
        self._closed = False

    @property
    def usable(self) -> bool:
        """Whether the socket still looks open."""
        return self._socket.close_code is None

    async def send(self, text: str) -> None:
        """Have a phrase spoken now: without a flush the server would wait for 40 characters."""
        await self.say({"inputs": [{"text": text, "voice_id": self._voice}], "flush": True})

    async def keep_alive(self) -> None:
        """Reset the context's inactivity timer."""
        await self.say({"keep_alive": True})

    async def finish(self) -> None:
        """Say that there is no more text; saying it twice is once."""
        if not self._closed:
            self._closed = True
            await self.say({"close_context": True})

    async def audio(self) -> AsyncGenerator[Audio]:
        """The sound as it arrives, until the vendor says that it was all.

        Raises:
            SpeechError: the vendor's own error, with its reason.
            SpeechDroppedError: the connection was lost before the end, or a message is unreadable.
        """
        while True:
            message = await self._messages.get()
            if isinstance(message, ConnectionClosed):
                check_close(message, self._socket)
                raise SpeechDroppedError("The speech socket closed within an utterance.")
            audio = read(message)
            yield audio
            if audio.final:
                return

    def abort(self) -> None:
        """Take no more of it: the context is closed, and the socket stays."""
        self._line.leave(self, self._name)

    async def close(self) -> None:
        """Close the context."""
        with contextlib.suppress(SpeechError):
            await self.finish()

    async def say(self, message: dict[str, Any]) -> None:
        """Send a message of this context's.

        Raises:
            SpeechDroppedError: the socket is closed.
        """
        try:
            await self._socket.send(json.dumps({"context_id": self._name, **message}))
        except ConnectionClosed as closed:
            raise SpeechDroppedError("The speech socket closed while text was sent.") from closed


def _context(message: str | bytes) -> str:
    """The context that a message is for; empty when it names none, as an error may."""
    try:
        event = json.loads(message)
    except (ValueError, RecursionError):
        return ""
    name = event.get("context_id") if isinstance(event, dict) else None
    return name if isinstance(name, str) else ""
