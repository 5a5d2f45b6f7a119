"""The vendors' error bodies. Handlers raise `Refusal`; the app turns it into a response.

A WebSocket is refused in its own words: it is accepted, gets the vendor's error message, and is
closed with a reason. A handshake that fails would tell most clients a status and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import tomllib
from functools import cache
from importlib import resources
from typing import Any

from voicekit.serving import App, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)

INVALID, FAILED = 1008, 1011
"""Close codes: the client's mistake, and ours (RFC 6455, 7.4.1)."""

_LONGEST_REASON = 123  # bytes that a close frame has for its reason (RFC 6455, 5.5)
_GRACE = 0.1  # seconds for a client's first message; a close while it sends that looks like a drop


class Refusal(Exception):
    """A request refused the vendor's way.

    Args:
        vendor: `elevenlabs` or `openai`.
        name: an entry of `data/refusals.toml`.
        message: instead of the entry's own, when more can be said.
        param: the parameter at fault.
    """

    def __init__(
        self, vendor: str, name: str, message: str | None = None, param: str | None = None
    ) -> None:
        known = _table()[vendor]
        entry = known.get(name) or known["internal_server_error"]
        self.vendor = vendor
        self.name = name if name in known else "internal_server_error"
        self.status: int = entry["status"]
        self.type: str = entry["type"]
        self.code: str | None = None if entry.get("code") == "none" else entry.get("code", name)
        self.message = message or entry["message"]
        self.param = param
        super().__init__(f"{self.status} {self.name}: {self.message}")

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON body, as the vendor words it."""
        said: dict[str, Any] = {"message": self.message, "type": self.type, "param": self.param}
        if self.vendor == "openai":
            return {"error": {**said, "code": self.code}}
        return {
            "detail": {**said, "code": self.name, "status": self.name, "request_id": request_id}
        }

    def event(self, path: str, request_id: str) -> dict[str, Any]:
        """The JSON message of a WebSocket at `path`, as the vendor's clients of it read errors."""
        if self.vendor == "openai":
            error = {"type": self.type, "code": self.code, "message": self.message}
            return {
                "type": "error",
                "event_id": request_id,
                "error": {**error, "param": self.param},
            }
        if "/v1/speech-to-text" in path:
            return {"message_type": self.transcription_error, "error": self.message}
        if "/v1/convai" in path:
            told = {"message": self.message, "reason": self.message}
            event = {"code": close_code(self.status), "error_type": self.name, **told}
            return {"type": "error", "error_event": event}
        return {"message": self.message, "error": self.name, "code": close_code(self.status)}

    @property
    def transcription_error(self) -> str:
        """What realtime transcription calls it: one of fourteen `message_type`s."""
        if self.type == "transcription_error":
            return self.name
        other = "error" if self.status >= 500 else "invalid_request"
        return _TRANSCRIPTION.get(self.name) or _BY_STATUS.get(self.status, other)


_BY_STATUS = {401: "auth_error", 402: "quota_exceeded", 429: "rate_limited"}
_TRANSCRIPTION = {
    "quota_exceeded": "quota_exceeded",
    "service_unavailable": "transcriber_error",
    "system_busy": "resource_exhausted",
}


def names(vendor: str) -> tuple[str, ...]:
    """Every refusal that can be asked for by name."""
    return tuple(_table()[vendor])


def close_code(status: int) -> int:
    """What a WebSocket is closed with where HTTP would answer with `status`."""
    return FAILED if status >= 500 else INVALID


def close_reason(message: str) -> str:
    """As many whole sentences of a message as a close frame holds, or its first one's beginning."""
    fitting = message.encode("utf-8", "replace")[:_LONGEST_REASON].decode(errors="ignore")
    if fitting == message or ". " not in fitting:
        return fitting
    return fitting[: fitting.rindex(". ") + 1]


async def _respond(send: Send, status: int, body: Any, headers: dict[str, str]) -> None:
    """Send a JSON response."""
    head = {"content-type": "application/json", **headers}
    raw = [(name.encode(), value.encode()) for name, value in head.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    message: str,
    headers: dict[str, str] | None = None,
) -> None:
    """Refuse what belongs to no vendor, in plain words: `{"error": message}`."""
    if scope["type"] == "websocket":
        await _turn_away(receive, send, {"error": message}, message, status)
    else:
        await _respond(send, status, {"error": message}, headers or {})


class Refusing:
    """Middleware that words every refusal, expected or not, the vendor's way."""

    def __init__(self, app: App, vendor: str) -> None:
        self.app = app
        self.vendor = vendor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a `Refusal` with its body, and anything else that escapes with a 500."""
        sent = ""

        async def watched(message: Message) -> None:
            nonlocal sent
            sent = message["type"]
            await send(message)

        try:
            if "voicekit.refuse" in scope:
                raise Refusal(self.vendor, scope["voicekit.refuse"])
            await self.app(scope, receive, watched)
        except Exception as error:
            refusal = _refusal(error)
            if refusal is None:
                _log.exception("The stand-in failed on %s", scope["path"])
                told = f"A bug of ours: {error!r}"
                refusal = Refusal(self.vendor, "internal_server_error", told)
            request_id = scope["voicekit.request_id"]
            if scope["type"] == "websocket":
                event = refusal.event(scope["path"], request_id)
                await _turn_away(receive, send, event, refusal.message, refusal.status, bool(sent))
                return
            if sent:
                raise
            headers = {"request-id": request_id, "x-request-id": request_id}
            await _respond(send, refusal.status, refusal.body(request_id), headers)


async def _turn_away(
    receive: Receive, send: Send, event: Any, message: str, status: int, accepted: bool = False
) -> None:
    """Tell a WebSocket's client why it is refused: an error message, then a close with a reason."""
    with contextlib.suppress(OSError, RuntimeError):  # it has left, or was closed already
        if not accepted:
            await receive()  # its wish to connect
            await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": json.dumps(event)})
        if not accepted:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(receive(), _GRACE)
        code = close_code(status)
        await send({"type": "websocket.close", "code": code, "reason": close_reason(message)})


def _refusal(error: BaseException) -> Refusal | None:
    """The refusal that an error is, or that a group of errors began with."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, Refusal) else None


@cache
def _table() -> dict[str, dict[str, dict[str, Any]]]:
    text = resources.files("voicekit.standin").joinpath("data/refusals.toml").read_text("utf-8")
    return tomllib.loads(text)
