"""A client that leaves, over real sockets: what the answer holds open is closed.

How soon is measured by `python3 -m voicekit bench webhook`.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import threading

import pytest
from asking import HELLO
from waiting import HANG, until

from voicekit.webhook import ANYONE, relay, webhook


class Watched:
    """An answer that talks until it is stopped, or waits for ever after a few words."""

    def __init__(self, talks: bool) -> None:
        self.talks = talks
        self.stopped = threading.Event()

    async def __call__(self, _turn):
        try:
            for n in range(5):
                yield f"word {n} "
            while self.talks:
                await asyncio.sleep(0.01)
                yield "and "
            await asyncio.Event().wait()
        finally:
            self.stopped.set()


def hang_up(url: str) -> None:
    """Read a few words and leave."""
    host = url.removeprefix("http://")
    client = http.client.HTTPConnection(host, timeout=HANG)
    body = json.dumps({"messages": HELLO, "stream": True})
    client.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
    response = client.getresponse()
    assert response.status == 200
    while b"word 3" not in response.readline():
        pass
    response.close()
    client.close()


@pytest.mark.parametrize("talks", [True, False], ids=["talking", "silent"])
@pytest.mark.parametrize("relays", [0, 1, 2])
def test_a_hang_up_closes_the_generator_and_every_server_behind(serving, relays, talks):
    answer = Watched(talks)
    apps = [webhook(answer, secret=ANYONE, timeout=HANG * HANG)]
    url = serving(apps[0])
    for _ in range(relays):
        apps.append(webhook(relay(f"{url}/v1"), secret=ANYONE, timeout=HANG * HANG))
        url = serving(apps[-1])
    for _ in range(5):
        answer.stopped.clear()
        hang_up(url)
        assert answer.stopped.wait(HANG)
    until(lambda: not any(e.finish == "under way" for a in apps for e in a.log))
    assert {entry.finish for app in apps for entry in app.log} == {"hung up"}
    assert all("0 answers under way" in repr(app) for app in apps)
