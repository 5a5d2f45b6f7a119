"""A WebSocket that its server may close, so that a client learns that the server goes away."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import Message, Receive, Send

GOODBYE = 0.2
"""Seconds for a close to be written to clients that do not read."""

_GOING_AWAY = 1001  # RFC 6455, 7.4.1: what a client is told by a server that goes down


class Closable:
    """A WebSocket which the server may close under the app."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._accepted = False
        self._spoken = asyncio.Event()  # the client has sent something, or has left
        self.left = False

    async def receive(self) -> Message:
        """The client's next message, for the app."""
        message = await self._receive()
        if message["type"] != "websocket.connect":
            self._spoken.set()
        return message

    async def send(self, message: Message) -> None:
        """Send the app's message.

        Raises:
            OSError: the server has closed it; to the app it is as if the client had left.
        """
        if self.left:
            raise OSError("The server goes away.")
        self._accepted |= message["type"] == "websocket.accept"
        await self._send(message)

    async def refuse(self) -> None:
        """Take a new client in and tell it that the server goes away.

        A refusal would look like the client's mistake, and a close while it sends its first
        message like a broken connection.
        """
        while not self._spoken.is_set():
            if not self._accepted:
                await self.send({"type": "websocket.accept"})
            await self.receive()
        await self.leave()

    async def leave(self) -> None:
        """Tell the client that the server goes away; the app learns of a client that left."""
        with contextlib.suppress(OSError, RuntimeError):  # it was closed before
            if not self._accepted:
                await self._send({"type": "websocket.accept"})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._spoken.wait(), GOODBYE)
            self.left = True
            gone = {"code": _GOING_AWAY, "reason": "The server goes away."}
            await self._send({"type": "websocket.close", **gone})
