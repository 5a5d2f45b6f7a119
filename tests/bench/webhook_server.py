"""The webhooks that `bench webhook` compares, each in a process of its own on one core.

`python3 -m bench.webhook_server VARIANT UPSTREAM_PORT [RATE]` serves one of them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from bench.memory import give_back, held
from bench.webhook_upstream import RATE, TOKENS, TTFT, token
from voicekit.serving import App, Receive, Scope, Send
from voicekit.webhook import ANYONE, Turn, relay, webhook

SECRET = "bench-secret"
STATE = "/state"
_PLENTY = 10_000


def floor(upstream: str) -> App:
    """Nothing but the bytes: what any relay in Python costs."""
    session: aiohttp.ClientSession | None = None

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal session
        if session is None:
            session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {"content-type": "application/json"}
        url = f"{upstream}/chat/completions"
        async with session.post(url, data=body, headers=headers) as response:
            started = [(b"content-type", b"text/event-stream")]
            await send({"type": "http.response.start", "status": 200, "headers": started})
            async for block in response.content.iter_any():
                await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


def ours(upstream: str) -> App:
    """The kit's relay, with nothing asked of it."""
    return webhook(relay(upstream), secret=ANYONE, streams=_PLENTY)


def guarded(upstream: str) -> App:
    """The same with all that one would ask of it."""
    return webhook(
        relay(upstream),
        secret=SECRET,
        system="Be brief.",
        context=_facts,
        filler="Hmm... ",
        max_sentences=3,
        max_characters=_PLENTY,
        streams=_PLENTY,
    )


def generator(rate: float) -> App:
    """The kit around a generator that needs no other server, of so many tokens a second."""

    async def answer(_turn: Turn) -> AsyncIterator[str]:
        received, due = time.monotonic_ns() // 1000, time.monotonic() + TTFT
        for _ in range(TOKENS):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield token(received)
            due += 1 / rate

    return webhook(answer, secret=ANYONE, streams=_PLENTY)


def async_openai(upstream: str) -> App:
    """FastAPI around the SDK's asynchronous client, as one finds it documented."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=upstream, api_key="none")
    app = FastAPI()

    async def complete(request: Request) -> StreamingResponse:
        body = await request.json()

        async def events() -> AsyncIterator[str]:
            stream: Any = await client.chat.completions.create(**body)
            async for chunk in stream:
                yield f"data: {json.dumps(chunk.model_dump())}\n\n"
            yield "data: [DONE]\n\n"

        return StreamingResponse(events(), media_type="text/event-stream")

    app.add_api_route("/v1/chat/completions", complete, methods=["POST"], response_model=None)
    return app


def article(upstream: str) -> App:
    """The article's webhook: a synchronous iterator within an asynchronous generator."""
    from openai import OpenAI

    client = OpenAI(base_url=upstream, api_key="none")
    app = FastAPI()

    async def complete(request: Request) -> StreamingResponse:
        body = await request.json()

        async def generate() -> AsyncIterator[str]:
            stream: Any = client.chat.completions.create(
                model="voicekit-script-1",
                messages=body.get("messages", []),
                stream=True,
                max_tokens=150,
            )
            for chunk in stream:
                if chunk.choices[0].delta.content:
                    yield chunk.choices[0].delta.content

        return StreamingResponse(generate(), media_type="text/plain")

    app.add_api_route("/llm-webhook", complete, methods=["POST"], response_model=None)
    return app


async def _facts(_turn: Turn) -> str:
    return "Order 1042 left the warehouse on Monday."


VARIANTS: dict[str, Callable[[str], App]] = {
    "bare ASGI relay": floor,
    "voicekit relay": ours,
    "voicekit relay, all on": guarded,
    "AsyncOpenAI in FastAPI": async_openai,
    "the article's": article,
}
"""The first one is what the others are compared to."""
GENERATOR = "voicekit generator"


def counting(app: App) -> App:
    """The app, and what its process has used and holds, as JSON at `STATE`.

    `cpu` in seconds; `blocks` of Python's own memory; `memory` in MB and `sockets` where there is a
    /proc. What is free was given back before, and what is mapped from files does not count.
    """

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != STATE:
            await app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(_state()).encode()})

    return counted


def _state() -> dict[str, float]:
    state: dict[str, float] = {"cpu": time.process_time()}
    give_back()
    state["blocks"] = sys.getallocatedblocks()
    own = Path("/proc/self")
    if own.is_dir():
        state["memory"] = held()
        state["sockets"] = sum(_is_socket(entry) for entry in (own / "fd").iterdir())
    return state


def _is_socket(entry: Path) -> bool:
    try:
        return str(entry.readlink()).startswith("socket:")
    except OSError:  # closed since it was listed
        return False


def main(variant: str, upstream: str, rate: str = str(RATE)) -> None:
    """Serve until the parent ends us; print the port first."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns when a caller has given up
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    url = f"http://127.0.0.1:{upstream}/v1"
    app = counting(generator(float(rate)) if variant == GENERATOR else VARIANTS[variant](url))
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(
        app, interface="asgi3", log_level="error", access_log=False, lifespan="off"
    )
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
