"""The language model of `bench webhook`: a process that streams tokens at fixed times.

Each token says when the request came and when the token went, in microseconds on the system's
monotonic clock, which all processes of a machine share: whoever has the token can tell its delay.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import time
from collections.abc import Coroutine
from typing import Any, cast

TTFT = 0.2
"""Seconds from the request to the first token."""
RATE = 50
"""Tokens a second."""
TOKENS = 60
"""Tokens of a reply."""
_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


def beside(main: Coroutine[Any, Any, None]) -> None:
    """Run a program of the benchmark on what the servers leave: all cores but their one."""
    if hasattr(os, "sched_setaffinity"):
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores - {min(cores)} or cores)
    loop = importlib.import_module("uvloop") if importlib.util.find_spec("uvloop") else asyncio
    with asyncio.Runner(loop_factory=loop.new_event_loop) as runner:
        runner.run(main)


def token(received: int) -> str:
    """A word that tells its times."""
    return f"u{received}-{time.monotonic_ns() // 1000} "


class Upstream(asyncio.Protocol):
    """One connection: requests in, events out, so many tokens a second."""

    def __init__(self, rate: float) -> None:
        self._pace = 1 / rate
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self._next: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A relay has connected."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _error: Exception | None) -> None:
        """A relay has left."""
        if self._next:
            self._next.cancel()

    def data_received(self, data: bytes) -> None:
        """Begin a reply once the request is whole."""
        self._rest += data
        head, found, body = self._rest.partition(b"\r\n\r\n")
        _, _, rest = head.lower().partition(b"content-length:")
        if not found or len(body) < int(rest.partition(b"\r\n")[0] or 0):
            return
        self._rest = b""
        received = time.monotonic_ns() // 1000
        self._due = self._loop.time() + TTFT
        self._next = self._loop.call_at(self._due, self._say, received, 0)

    def _say(self, received: int, count: int) -> None:
        head = _HEAD + _block(_event({"role": "assistant", "content": ""})) if not count else b""
        if count < TOKENS:
            self._transport.write(head + _block(_TOKEN % token(received).encode()))
            self._due += self._pace
            self._next = self._loop.call_at(self._due, self._say, received, count + 1)
        else:
            ending = _block(_event({}, "stop")) + _block(b"data: [DONE]\n\n")
            self._transport.write(ending + b"0\r\n\r\n")


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "bench",
        "service_tier": "default",
        "system_fingerprint": "fp_bench",
        "choices": [choice],
    }
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"


_TOKEN = _event({"content": "%b"})


def _block(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def main(rate: float) -> None:
    """Serve on loopback until the parent closes our input; print the port first."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Upstream(rate), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    beside(main(float(sys.argv[1])))
