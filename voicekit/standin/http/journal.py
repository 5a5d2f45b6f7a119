"""The journal: what clients sent, in order, without their keys. `/_standin/journal` shows it.

Times are seconds on the system's monotonic clock, which every process of a machine shares: a
client's own `time.monotonic()` minus the journal's is how long a piece was under way.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qsl

from voicekit.serving import App, Message, Receive, Scope, Send

KEPT = 1_000
"""Requests, and messages and times of each."""

_LONGEST = 16_384  # bytes of one body or message that is kept word for word
_ROOM = 65_536  # bytes that are kept of one request, all its messages together
_PIECES_IN = {"http.request", "websocket.receive", "websocket.disconnect", "http.disconnect"}
_PIECES_OUT = {"http.response.body", "websocket.send"}
_SECRET = re.compile(
    r"(api|use|access|^)[-_ ]?(key|token)$|authorization|secret|password|signature$", re.I
)
_SECRET_BODIES = re.compile(r"/v1/convai/secrets(/|$)")  # where a secret is named plain `value`


class Journal:
    """The last requests and, for a WebSocket, the messages received on it."""

    def __init__(self) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._count = 0

    def clear(self) -> None:
        """Forget everything; numbering starts again at 1."""
        self.entries.clear()
        self._count = 0

    def open(self, scope: Scope) -> dict[str, Any]:
        """A new entry for a request, completed while the request runs."""
        self._count += 1
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
        entry: dict[str, Any] = {
            "n": self._count,
            "method": scope.get("method", "WEBSOCKET"),
            "path": scope["path"],
            "query": {name: _masked(name, value) for name, value in query},
            "user_agent": agent,
            "status": None,
            "received": [],
            "at": time.monotonic(),
            "received_at": [],
            "sent_at": [],
        }
        self.entries.append(entry)
        return entry

    def adopt(self, entry: dict[str, Any], before: Journal) -> None:
        """Take over an entry that another journal opened."""
        before.entries.remove(entry)
        self._count += 1
        entry["n"] = self._count
        self.entries.append(entry)


class Journaling:
    """Middleware that writes the journal of the state that a request is about."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on unchanged, and note what a reader of the journal would ask for."""
        entry = scope["voicekit.journal"] = scope["state"]["standin"].journal.open(scope)
        private = bool(_SECRET_BODIES.search(scope["path"]))
        received = _Received(entry["received"])
        body = bytearray()
        length = 0

        async def note_received() -> Message:
            nonlocal length
            message = await receive()
            if message["type"] in _PIECES_IN and len(entry["received_at"]) < KEPT:
                entry["received_at"].append(time.monotonic())
            if message["type"] == "http.request":
                piece = message.get("body", b"")
                length += len(piece)
                body.extend(piece[: _LONGEST - len(body)])
                if not message.get("more_body") and length:
                    if private:
                        received.say(f"<{length} bytes of a secret>")
                    else:
                        received.note(bytes(body), length)
            elif message["type"] == "websocket.receive":
                if (text := message.get("text")) is not None:
                    received.note(text, len(text))
                else:
                    received.say(f"<{len(message.get('bytes') or b'')} bytes of binary>")
            return message

        async def note_sent(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                entry["status"] = message["status"]
            elif message["type"] == "websocket.accept":
                entry["status"] = 101
            elif message["type"] == "websocket.close":
                entry["close"] = [message.get("code", 1000), message.get("reason") or ""]
            if message["type"] in _PIECES_OUT and len(entry["sent_at"]) < KEPT:
                entry["sent_at"].append(time.monotonic())
            await send(message)

        await self.app(scope, note_received, note_sent)


class _Received:
    """What one request sent: JSON without its secrets, and of all else the length."""

    def __init__(self, kept: list[Any]) -> None:
        self.kept = kept
        self._room = _ROOM

    def note(self, data: str | bytes, length: int) -> None:
        """Keep a body or a message that was `length` long, if it is JSON and there is room."""
        if length > min(_LONGEST, self._room):
            self.say(f"<{length} bytes, too many to keep>")
            return
        self._room -= length
        try:
            self.say(_without_secrets(json.loads(data)))
        except (ValueError, RecursionError):
            self.say(f"<{length} bytes that are not JSON>")

    def say(self, readable: Any) -> None:
        """Add an entry, up to `KEPT`."""
        if len(self.kept) < KEPT:
            self.kept.append(readable)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked(name, _without_secrets(part)) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_secrets(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # Python reads NaN and 1e999 as numbers, JSON has no word for them
    return value


def _masked(name: str, value: Any) -> Any:
    return "***" if _SECRET.search(name) else value
