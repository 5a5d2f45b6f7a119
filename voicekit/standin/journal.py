"""The journal: what clients sent, in order, without their keys. `/_standin/journal` shows it.

Times are seconds on the system's monotonic clock, which every process of a machine shares: a
client's own `time.monotonic()` minus the journal's is how long a piece was under way.
"""

from __future__ import annotations

import json
import time
from collections import deque
from typing import Any
from urllib.parse import parse_qsl

from voicekit.serving import App, Message, Receive, Scope, Send

KEPT = 1_000
_KEPT_TEXT = 4_096
_PIECES_IN = {"http.request", "websocket.receive", "websocket.disconnect", "http.disconnect"}
_PIECES_OUT = {"http.response.body", "websocket.send"}
_SECRETS = {"xi-api-key", "authorization", "api-key", "token", "single-use-token"}


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


class Journaling:
    """Middleware that writes the journal."""

    def __init__(self, app: App, journal: Journal) -> None:
        self.app = app
        self.journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on unchanged, and note what a reader of the journal would ask for."""
        entry = self.journal.open(scope)
        body = bytearray()

        async def note_received() -> Message:
            message = await receive()
            if message["type"] in _PIECES_IN and len(entry["received_at"]) < KEPT:
                entry["received_at"].append(time.monotonic())
            if message["type"] == "http.request":
                body.extend(message.get("body", b"")[: _KEPT_TEXT - len(body)])
                if not message.get("more_body") and body:
                    entry["received"] = [_readable(bytes(body))]
            elif message["type"] == "websocket.receive" and len(entry["received"]) < KEPT:
                entry["received"].append(_readable(message.get("text") or message.get("bytes")))
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


def _readable(data: str | bytes | None) -> Any:
    """JSON without its secrets where it is JSON, else its length: audio and rubbish stay out."""
    try:
        return _without_secrets(json.loads(data or b""))
    except (ValueError, RecursionError):
        return f"<{len(data or b'')} bytes that are not JSON>"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked(name, _without_secrets(part)) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_secrets(part) for part in value]
    return value[:_KEPT_TEXT] if isinstance(value, str) else value


def _masked(name: str, value: Any) -> Any:
    return "***" if name.lower().replace("_", "-") in _SECRETS else value
