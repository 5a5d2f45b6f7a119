"""The vendors' error bodies. Handlers raise `Refusal`; the app turns it into a response."""

from __future__ import annotations

import json
import logging
import tomllib
from functools import cache
from importlib import resources
from typing import Any

from voicekit.serving import App, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)

_LONGEST_REASON = 123  # bytes that a close frame has for its reason (RFC 6455, 5.5)


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


def names(vendor: str) -> tuple[str, ...]:
    """Every refusal that can be asked for by name."""
    return tuple(_table()[vendor])


def close_reason(message: str) -> str:
    """As many whole sentences of a message as a close frame holds, or its first one's beginning."""
    fitting = message.encode("utf-8", "replace")[:_LONGEST_REASON].decode(errors="ignore")
    if fitting == message or ". " not in fitting:
        return fitting
    return fitting[: fitting.rindex(". ") + 1]


async def respond(
    scope: Scope, send: Send, status: int, body: Any, headers: dict[str, str]
) -> None:
    """Send a JSON response, to a request or in place of a WebSocket handshake."""
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    head = {"content-type": "application/json", **headers}
    raw = [(name.encode(), value.encode()) for name, value in head.items()]
    await send({"type": f"{kind}.start", "status": status, "headers": raw})
    await send({"type": f"{kind}.body", "body": json.dumps(body).encode()})


class Refusing:
    """Middleware that words every refusal, expected or not, the vendor's way."""

    def __init__(self, app: App, vendor: str) -> None:
        self.app = app
        self.vendor = vendor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a `Refusal` with its body, and anything else that escapes with a 500."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if "voicekit.refuse" in scope:
                raise Refusal(self.vendor, scope["voicekit.refuse"])
            await self.app(scope, receive, watched)
        except Refusal as refusal:
            if started:
                raise
            await self._refuse(scope, send, refusal)
        except Exception as error:
            _log.exception("The stand-in failed on %s", scope["path"])
            if started:
                raise
            bug = Refusal(self.vendor, "internal_server_error", f"A bug of ours: {error!r}")
            await self._refuse(scope, send, bug)

    async def _refuse(self, scope: Scope, send: Send, refusal: Refusal) -> None:
        request_id = scope["voicekit.request_id"]
        headers = {"request-id": request_id, "x-request-id": request_id}
        await respond(scope, send, refusal.status, refusal.body(request_id), headers)


@cache
def _table() -> dict[str, dict[str, dict[str, Any]]]:
    text = resources.files("voicekit.standin").joinpath("data/refusals.toml").read_text("utf-8")
    return tomllib.loads(text)
