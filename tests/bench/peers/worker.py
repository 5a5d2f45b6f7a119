"""What the processes of `bench speech` share: one reply a line in, what was heard and when out.

The scripts beside this one run in environments of their own, some without voicekit. Times are
seconds on the system's monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

VOICE = "21m00Tcm4TlvDq8ikWAM"
MODEL = "eleven_flash_v2_5"
LLM = "voicekit-script-1"
RATE = 22050
FORMAT = f"pcm_{RATE}"


class Reply:
    """One reply: its tokens at their deadlines, and the audio that came of them.

    Args:
        order: `tokens`, a list of seconds after the request and text; `first_only`, whether to
            stop at the first audio; or `cancel`, the seconds after which to give up.
    """

    def __init__(self, order: dict[str, Any]) -> None:
        self.request = time.monotonic()
        self.first_only = bool(order.get("first_only"))
        self.cancel_after: float | None = order.get("cancel")
        self.prompt: str = order.get("prompt", "")
        self.cancelled: float | None = None
        self.unexplained: float | None = None
        """Seconds between the first sound in the audio and what the client's own marks say."""
        self.sizes: list[int] = []
        """Bytes of each of the vendor's messages, for clients that cut its audio anew."""
        self._tokens = [(self.request + after, text) for after, text in order.get("tokens", ())]
        self._arrived: list[float] = []
        self._chunks: list[tuple[float, int]] = []

    async def tokens(self) -> AsyncIterator[str]:
        """The tokens, for clients that await."""
        for due, text in self._tokens:
            early = due - time.monotonic()
            if early > 0:
                await asyncio.sleep(early)
            self._note(due, early)
            yield text

    def tokens_blocking(self) -> Iterator[str]:
        """The tokens, for clients that block."""
        for due, text in self._tokens:
            early = due - time.monotonic()
            if early > 0:
                time.sleep(early)
            self._note(due, early)
            yield text

    def _note(self, due: float, early: float) -> None:
        """A token that nobody waited for arrived when it was due, and lay in a socket since."""
        self._arrived.append(time.monotonic() if early > 0 else due)

    def hear(self, size: int) -> bool:
        """Note a chunk of audio; returns whether that is enough."""
        self._chunks.append((time.monotonic(), size))
        return self.first_only

    def cancel(self) -> None:
        """Note that the client is told to stop now."""
        self.cancelled = time.monotonic()

    def report(self) -> dict[str, Any]:
        """What happened, for the process that asked."""
        return {
            "request": self.request,
            "arrived": self._arrived,
            "chunks": self._chunks,
            "sizes": self.sizes,
            "cancelled": self.cancelled,
            "unexplained": self.unexplained,
            "end": time.monotonic(),
        }


def orders_blocking() -> Iterator[Reply]:
    """The replies to speak, one after the other; each is reported once the caller is done."""
    _say({"ready": True})
    for line in iter(sys.stdin.readline, ""):
        reply = Reply(json.loads(line))
        yield reply
        _say(reply.report())


async def serve(speak: Callable[[Reply], Awaitable[None]]) -> None:
    """Speak the replies one after the other."""
    _say({"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        reply = Reply(json.loads(line))
        await speak(reply)
        _say(reply.report())


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
