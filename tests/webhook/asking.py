"""A webhook asked in memory, without a socket: what it sends comes back as one `Answer`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from waiting import HANG

from voicekit.serving import App
from voicekit.webhook import ToolCall, Webhook

HELLO = [{"role": "user", "content": "Hello there"}]


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    blocks: list[bytes] = field(default_factory=list)
    complete: bool = False

    @property
    def body(self) -> bytes:
        return b"".join(self.blocks)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """Each event parsed, as strictly as any client would; `[DONE]` as a string."""
        text = self.body.decode()
        assert text.endswith("\n\n"), text[-100:]
        datas = []
        for event in text[:-2].split("\n\n"):
            assert event.startswith("data: "), event
            assert "\n" not in event
            data = event.removeprefix("data: ")
            datas.append(data if data == "[DONE]" else json.loads(data))
        return datas

    @property
    def deltas(self) -> list[dict[str, Any]]:
        chunks = [event for event in self.events if isinstance(event, dict)]
        return [c["choices"][0]["delta"] for c in chunks if c.get("choices")]

    @property
    def text(self) -> str:
        return "".join(delta.get("content") or "" for delta in self.deltas)

    @property
    def finish(self) -> str | None:
        chunks = [event for event in self.events if isinstance(event, dict)]
        reasons = [c["choices"][0].get("finish_reason") for c in chunks if c.get("choices")]
        return next((reason for reason in reasons if reason), None)


async def ask(
    app: App,
    body: Any = None,
    *,
    path: str = "/v1/chat/completions",
    secret: str | None = None,
    headers: dict[str, str] | None = None,
    leave: asyncio.Event | None = None,
    on_block: Callable[[bytes], None] | None = None,
    unread: Callable[[], None] | None = None,
    takes: Callable[[bytes], float] = lambda _block: 0.0,
    **fields: Any,
) -> Answer:
    """POST to the app.

    `leave` hangs up once it is set, `unread` is called when the body is read, `takes` says how many
    seconds the client needs to take a block.
    """
    if body is None:
        body = {"messages": HELLO, "model": "m", "stream": True, **fields}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": "application/json", "content-length": str(len(data))}
    if secret is None and isinstance(app, Webhook) and app.secret is not None:
        # Only a secret that the webhook made itself: of one that a test gave it has to show it.
        made = app.secret.source == "the webhook itself"
        secret = app.secret.reveal() if made and "authorization" not in (headers or {}) else None
    if secret is not None:
        given["authorization"] = f"Bearer {secret}"
    given |= headers or {}
    waiting = [{"type": "http.request", "body": data, "more_body": False}]
    answer = Answer()

    async def receive() -> dict[str, Any]:
        if waiting:
            if unread:
                unread()
            return waiting.pop()
        await (leave or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        assert not answer.complete
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            return
        await asyncio.sleep(takes(message.get("body", b"")))
        answer.blocks.append(message.get("body", b""))
        answer.complete = not message.get("more_body", False)
        if on_block:
            on_block(answer.blocks[-1])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    async with asyncio.timeout(HANG):
        await app(scope, receive, send)
    return answer


async def support(turn):
    """Looks an order up when asked for one, and says what was found."""
    if turn.results:
        yield f"It is {turn.results[-1]['content']}. "
        yield "Anything else?"
    elif turn.tools:
        yield "Let me look. "
        yield ToolCall("find_order", {"number": "1042"})
    else:
        yield "I cannot look that up."
