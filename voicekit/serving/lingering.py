"""Read the rest of a request that is answered already, so that its sender gets to read the answer.

A server that closes a connection with unread bytes in it resets it, and the answer, a 413 say, is
lost on the way (RFC 9112, section 9.6). So what still comes is read and thrown away, up to a limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import math

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST = 1 << 26
"""Bytes that are thrown away of one request; who sends more is cut off."""

PATIENCE = 10.0
"""Seconds that they may take."""


class Lingering:
    """ASGI middleware that ends a response only once the request's body has come.

    The response itself is sent at once; only its end waits.

    Args:
        app: whose responses they are.
        over: bytes; smaller bodies are left alone. A server reads some ahead: uvicorn 64 KiB.
    """

    def __init__(self, app: ASGIApp, over: int = 0) -> None:
        self.app = app
        self.over = over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or _length(scope) <= self.over:
            await self.app(scope, receive, send)
            return
        more = True

        async def noted() -> Message:
            nonlocal more
            message = await receive()
            more = more and message["type"] == "http.request" and message.get("more_body", False)
            return message

        async def drain() -> None:
            left = MOST
            while more and left > 0:
                left -= len((await noted()).get("body", b""))

        async def held(message: Message) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body")
            if last and more:
                await send({**message, "more_body": True})
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(drain(), PATIENCE)
                message = {"type": "http.response.body"}
            await send(message)

        await self.app(scope, noted, held)


def _length(scope: Scope) -> float:
    """Bytes of a request's body, infinitely many when it does not say."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    return math.inf if b"transfer-encoding" in headers or not length.isdigit() else int(length)
