"""What leaves for the client: in order, only what it asked for, and nothing twice.

Posting never waits, so that what belongs together (an interruption and its correction) leaves
together; one task sends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Iterable

from starlette.websockets import WebSocket, WebSocketDisconnect

from voicekit.standin.conversation.events import Event

ALWAYS = frozenset({"conversation_initiation_metadata", "client_tool_call", "error"})
"""Sent whatever the client asked for: without them it cannot go on, or not know why."""


PATIENCE = 5.0
"""Seconds that a client has to take the last messages before the close."""


class Outbox:
    """A queue of messages and the task that sends them."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._wanted: frozenset[str] = frozenset()
        self._waiting: deque[Event] = deque()
        self._posted = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def want(self, kinds: Iterable[str]) -> None:
        """Send these kinds of messages, and those that are always sent."""
        self._wanted = frozenset(kinds)

    def wants(self, kind: str) -> bool:
        """Whether messages of this kind are sent."""
        return kind in self._wanted or kind in ALWAYS

    def post(self, event: Event, *, always: bool = False) -> None:
        """Queue a message; one that the client did not ask for is dropped."""
        if always or self.wants(event["type"]):
            self._waiting.append(event)
            self._empty.clear()
            self._posted.set()

    def withdraw_audio(self) -> None:
        """Take back the audio that has not left yet: a client on a slow line need not get it."""
        self._waiting = deque(event for event in self._waiting if event["type"] != "audio")

    async def run(self) -> None:
        """Send what is posted, until there is nobody to take it; who reads learns of that."""
        while True:
            await self._posted.wait()
            try:
                while self._waiting:
                    await self._websocket.send_text(json.dumps(self._waiting.popleft()))
            except (RuntimeError, WebSocketDisconnect):  # RuntimeError: already closed
                self._waiting.clear()
            self._posted.clear()
            self._empty.set()

    async def drained(self) -> None:
        """Wait until everything posted so far has left; not for long, a client may be stuck."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._empty.wait()
