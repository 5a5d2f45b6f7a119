"""Custom LLM endpoints, one good and many with one fault each: small ASGI apps written by hand."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

Event = bytes
WORDS = [f"Word{n} " for n in range(12)]
Respond = Callable[[dict[str, Any]], "Answer"]


class Answer:
    """What is sent: a status, headers, and events, each after a pause."""

    def __init__(
        self, events: Iterable[bytes], status: int = 200, media: str = "text/event-stream",
        pause: float = 0.0, headers: Iterable[tuple[bytes, bytes]] = (), blocking: bool = False,
    ) -> None:  # fmt: skip
        self.events = events
        self.status = status
        self.headers = [(b"content-type", media.encode()), *headers]
        self.pause = pause
        self.blocking = blocking

    async def send(self, send: Any) -> None:
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        async for event in self._paced():
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _paced(self) -> AsyncIterator[bytes]:
        for event in self.events:
            if self.blocking:
                time.sleep(self.pause)  # noqa: ASYNC251  the fault that is wanted
            elif self.pause:
                await asyncio.sleep(self.pause)
            yield event


def event(data: Any) -> Event:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def chunk(delta: dict[str, Any], reason: str | None = None) -> Event:
    return event({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


DONE = b"data: [DONE]\n\n"


def spoken(words: Iterable[str], done: bytes = DONE) -> list[Event]:
    opened = chunk({"role": "assistant", "content": ""})
    return [opened, *(chunk({"content": word}) for word in words), chunk({}, "stop"), done]


def called(first: dict[str, Any], *rest: str, reason: str = "tool_calls") -> list[Event]:
    parts = [first, *({"index": 0, "function": {"arguments": part}} for part in rest)]
    opened = chunk({"role": "assistant", "content": None})
    return [opened, *(chunk({"tool_calls": [part]}) for part in parts), chunk({}, reason), DONE]


END_CALL = {
    "index": 0, "id": "call_1", "type": "function",
    "function": {"name": "end_call", "arguments": ""},
}  # fmt: skip


def last(body: dict[str, Any]) -> str:
    """What the caller said last."""
    said = [m["content"] for m in body["messages"] if m["role"] == "user"]
    return said[-1] if said else ""


def long(body: dict[str, Any]) -> bool:
    """Whether the caller wants much."""
    return "detail" in last(body)


def events(body: dict[str, Any]) -> list[Event]:
    if "tools" in body and last(body) == "Goodbye!":
        return called(END_CALL, '{"reason":', ' "goodbye"}')
    return spoken(WORDS if long(body) else WORDS[:2])


def good(body: dict[str, Any]) -> Answer:
    return Answer(events(body))


def refusing(wrong: Callable[[dict[str, Any]], Any], status: int = 422) -> Respond:
    """An endpoint that answers what it finds wrong with a status."""

    def respond(body: dict[str, Any]) -> Answer:
        if wrong(body):
            return Answer([b'{"detail": "no"}'], status, "application/json")
        return good(body)

    return respond


def changed(change: Callable[[list[Event]], list[Event]], **options: Any) -> Respond:
    """An endpoint whose events are those of the good one, changed."""
    return lambda body: Answer(change(events(body)), **options)


def app(
    respond: Respond = good,
    *,
    path: str = "/v1/chat/completions",
    allows: Callable[[str], bool] = lambda _: True,
) -> Any:
    """`respond` at `path`; `allows` judges the bearer token."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        token = headers.get(b"authorization", b"").decode().removeprefix("Bearer ")
        data, more = b"", True
        while more:
            message = await receive()
            data, more = data + message.get("body", b""), message.get("more_body", False)
        if scope["path"] != path:
            answer = Answer([b'{"detail": "Not Found"}'], 404, "application/json")
        elif not allows(token):
            answer = Answer([b'{"error": {"message": "no"}}'], 401, "application/json")
        else:
            answer = respond(json.loads(data))
        await answer.send(send)

    return serve
