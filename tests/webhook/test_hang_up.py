"""A client that leaves, over real sockets: what the answer holds open is closed at once."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time

import pytest
from asking import HELLO

from voicekit.webhook import relay, webhook

WITHIN = 0.05  # seconds, as the goal has it …
NOISE = 1.0  # … and what a busy machine may add


class Watched:
    """An answer that talks until it is stopped, and says when."""

    def __init__(self) -> None:
        self.stopped: list[float] = []
        self.event = threading.Event()

    async def __call__(self, _turn):
        try:
            for n in range(10_000):
                yield f"word {n} "
                await asyncio.sleep(0.01)
        finally:
            self.stopped.append(time.monotonic())
            self.event.set()


def hang_up(url: str) -> float:
    """Read a few words, leave, and return when."""
    host = url.removeprefix("http://")
    client = http.client.HTTPConnection(host, timeout=10)
    client.request("POST", "/v1/chat/completions", json.dumps({"messages": HELLO, "stream": True}))
    response = client.getresponse()
    while b"word 3" not in response.readline():
        pass
    response.close()
    client.close()
    return time.monotonic()


@pytest.mark.parametrize("relays", [0, 1, 2])
def test_a_hang_up_closes_the_generator_and_every_server_behind(serving, relays):
    answer = Watched()
    apps = [webhook(answer)]
    url = serving(apps[0])
    for _ in range(relays):
        apps.append(webhook(relay(f"{url}/v1")))
        url = serving(apps[-1])
    took = []
    for _ in range(5):
        answer.event.clear()
        left = hang_up(url)
        assert answer.event.wait(5)
        took.append(answer.stopped[-1] - left)
    assert min(took) < WITHIN
    assert max(took) < WITHIN + NOISE
    deadline = time.monotonic() + 5
    while any(e.finish == "under way" for a in apps for e in a.log) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {entry.finish for app in apps for entry in app.log} == {"hung up"}
    assert all("0 answers under way" in repr(app) for app in apps)
