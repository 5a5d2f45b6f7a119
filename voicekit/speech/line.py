"""One `multi-stream-input` socket for a whole conversation: every utterance is a context on it.

A line is connected once, kept alive, and connected anew when it was lost. Cancelling an utterance
closes its context and leaves the line open. Message contract: ElevenLabs' multi-context WebSocket
reference; the platform allows five contexts at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from voicekit.errors import SpeechDroppedError, SpeechError
from voicekit.speech.channel import Address, Audio, read


class Line:
    """The shared socket. `channel()` opens a context on it, connecting when necessary."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[SpeechError] | None = None
        self._connecting = asyncio.Lock()
        self._numbers = itertools.count(1)
        self._contexts: dict[str, Context] = {}

    async def warm(self) -> None:
        """Connect, unless the line is open.

        Raises:
            SpeechError: the vendor refuses, or cannot be reached.
        """
        async with self._connecting:
            if self._socket is None or self._socket.close_code is not None:
                self._socket = await self._address.open("multi-stream-input")
                self._reader = asyncio.create_task(self._read(self._socket))

    async def channel(self) -> Context:
        """A fresh context for one utterance.

        Raises:
            SpeechError: the vendor refuses, cannot be reached, or hung up at once; says why.
        """
        await self.warm()
        context = Context(self, f"utterance-{next(self._numbers)}")
        self._contexts[context.name] = context
        first: dict[str, Any] = {"text": " "}
        if self._address.settings:
            first["voice_settings"] = dict(self._address.settings)
        try:
            await context.say(first)
        except SpeechDroppedError as dropped:
            self._contexts.pop(context.name, None)
            if self._reader is None:
                raise
            raise await asyncio.shield(self._reader) from dropped
        return context

    async def say(self, message: dict[str, Any]) -> None:
        """Send one message.

        Raises:
            SpeechDroppedError: the line is lost.
        """
        if self._socket is None:
            raise SpeechDroppedError("The speech line is closed.")
        try:
            await self._socket.send(json.dumps(message))
        except ConnectionClosed as closed:
            raise SpeechDroppedError("The speech line was lost while text was sent.") from closed

    def leave(self, context: Context) -> None:
        """Forget a context, and have the vendor stop what it still makes for it."""
        if self._contexts.pop(context.name, None) is not None and self._socket is not None:
            closing = {"context_id": context.name, "close_context": True}
            # A frame that fits the socket's buffer is on its way when this returns.
            self._leaving = asyncio.ensure_future(self._quietly(closing))

    async def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def _quietly(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(SpeechDroppedError):
            await self.say(message)

    async def _read(self, socket: ClientConnection) -> SpeechError:
        """Hand out what comes; when nothing more will, say why."""
        error: SpeechError | None = None
        with contextlib.suppress(ConnectionClosed):
            async for message in socket:
                event = json.loads(message)
                context = self._contexts.get(event.get("contextId") or event.get("context_id"))
                if event.get("error"):
                    error = SpeechError.of(event["error"], event.get("message"))
                elif context is not None:
                    context.events.put_nowait(event)
        code, reason = socket.close_code, socket.close_reason
        lost = SpeechDroppedError(f"The speech line closed (code {code}: {reason or '-'}).")
        why = error or lost
        for context in self._contexts.values():
            context.events.put_nowait(why)
        self._contexts.clear()
        return why


class Context:
    """One utterance on a line: a `channel.Voicing`."""

    def __init__(self, line: Line, name: str) -> None:
        self.name = name
        self.events: asyncio.Queue[dict[str, Any] | SpeechError] = asyncio.Queue()
        self._line = line
        self._finished = False

    async def send(self, text: str) -> None:
        """Have a phrase spoken."""
        await self.say({"text": text})

    async def keep_alive(self) -> None:
        """Reset the context's inactivity timer without saying anything."""
        await self.say({"text": ""})

    async def finish(self) -> None:
        """Say that there is no more text; saying it twice is once."""
        if not self._finished:
            self._finished = True
            await self.say({"flush": True})
            await self.say({"close_context": True})

    async def audio(self) -> AsyncIterator[Audio]:
        """The sound as it arrives; see `channel.Voicing.audio`."""
        while True:
            event = await self.events.get()
            if isinstance(event, SpeechError):
                raise event
            if event.get("audio"):
                yield read(event)
            if event.get("isFinal"):
                return

    def abort(self) -> None:
        """Close the context; the line stays open."""
        self._line.leave(self)

    async def say(self, message: dict[str, Any]) -> None:
        """Send one message of this context."""
        await self._line.say({**message, "context_id": self.name})
