"""The callers of `bench webhook`: a process that holds so many streams open, and times them.

Orders come as JSON, one a line; each is answered by a line. Every caller asks again as soon as its
answer has ended, so that the number of streams stays the same.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from bench.webhook_upstream import TOKENS, TTFT, beside

_GRACE = 2.0  # seconds that answers under way have left at the end
_TOKEN = re.compile(rb"u(\d+)-(\d+) ")
_END = b"0\r\n\r\n"


@dataclass
class Figures:
    """What the callers saw; times in milliseconds."""

    first: list[float] = field(default_factory=list)
    """Time to the first token, less what the language model took for it."""
    delays: list[float] = field(default_factory=list)
    """From a later token's leaving the language model to its coming here."""
    tokens: int = 0
    broken: int = 0
    """Answers that were refused or broke off."""
    left: int = 0
    """Answers in whose middle the caller hung up."""
    waiting: int = 0
    """Callers that had no word by the end; their time so far is among `first`."""


class Caller(asyncio.Protocol):
    """One connection, one answer after the other.

    Args:
        request: what is asked.
        figures: what is seen.
        on: whether to ask again.
        leaves: whether to hang up on an answer.
    """

    def __init__(
        self,
        request: bytes,
        figures: Figures,
        on: Callable[[], bool],
        leaves: Callable[[], bool],
    ) -> None:
        self._request, self._figures, self._on, self._leaves = request, figures, on, leaves
        self._sent = 0
        self._heard = 0
        self._tail = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask at once."""
        self.transport = cast(asyncio.Transport, transport)
        self._ask()

    def connection_lost(self, _error: Exception | None) -> None:
        """Count an answer that had not ended."""
        if not self.done.done():
            self._figures.broken += 1
            self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Note the tokens' times."""
        now = time.monotonic_ns() // 1000
        if not self._tail and not data.startswith(b"HTTP/1.1 200"):
            self.transport.abort()
            return
        for found in _TOKEN.finditer(data):
            received, sent = int(found[1]), int(found[2])
            if not self._heard:
                self._figures.first.append((now - self._sent - (sent - received)) / 1000)
            elif self._heard % 10 == 0:
                self._figures.delays.append((now - sent) / 1000)
            self._heard += 1
            self._figures.tokens += 1
        if self._leaving and self._heard >= TOKENS // 2:
            self._figures.left += 1
            self.done.set_result(None)
            self.transport.abort()
            return
        self._tail = (self._tail + data)[-len(_END) :]
        if self._tail == _END:
            if self._heard < TOKENS:
                self.transport.abort()
            elif self._on():
                self._ask()
            else:
                self.done.set_result(None)
                self.transport.close()

    def give_up(self) -> None:
        """The time is over."""
        if not self.done.done():
            self.done.set_result(None)
            if not self._heard:
                self._figures.waiting += 1
                waited = time.monotonic_ns() // 1000 - self._sent
                self._figures.first.append(waited / 1000 - TTFT * 1000)
            self.transport.abort()

    def _ask(self) -> None:
        self._heard, self._tail, self._leaving = 0, b"", self._leaves()
        self._sent = time.monotonic_ns() // 1000
        self.transport.write(self._request)


async def run(
    port: int, path: str, secret: str, streams: int, seconds: float, rate: float, hang_up: float
) -> Figures:
    """Hold so many streams open for so long; hang up on that part of the answers.

    `rate` is the language model's, in tokens a second.
    """
    lasts = TTFT + TOKENS / rate  # an answer
    loop = asyncio.get_running_loop()
    body = {
        "model": "bench",
        "stream": True,
        "messages": [
            {"role": "system", "content": "You are a helpful support agent of Acme."},
            {"role": "user", "content": "Where is my order? Its number is ten forty-two."},
        ],
    }
    data = json.dumps(body).encode()
    request = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {secret}\r\ncontent-length: {len(data)}\r\n\r\n"
    ).encode() + data
    figures, end = Figures(), loop.time() + seconds
    chance = random.Random(streams)

    async def call() -> None:
        # One after the other in the course of one answer, as callers come.
        await asyncio.sleep(chance.uniform(0, lasts) if streams > 1 else 0)
        asked = False
        while not asked or (hang_up and loop.time() < end):  # who hung up calls again
            asked = True
            _, caller = await loop.create_connection(
                lambda: Caller(
                    request, figures, lambda: loop.time() < end, lambda: chance.random() < hang_up
                ),
                "127.0.0.1",
                port,
            )
            try:
                patience = end + lasts + _GRACE - loop.time()
                await asyncio.wait_for(asyncio.shield(caller.done), patience)
            except TimeoutError:
                caller.give_up()

    await asyncio.gather(*(call() for _ in range(streams)))
    return figures


async def main() -> None:
    """Take orders until there are none."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        order: dict[str, Any] = json.loads(line)
        print(json.dumps(vars(await run(**order))), flush=True)


if __name__ == "__main__":
    beside(main())
