"""Many spoken calls at once: slower, not wrong, and nothing is left of them."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from spoken import agent, gather, needs_strangers, said
from waiting import until

from bench.agent_turns import reply

pytestmark = [pytest.mark.extended, needs_strangers]

QUESTIONS = {
    "How much is shipping?": "$4.95",
    "How long does delivery take?": "three to five working days",
    "Can I talk to a human?": "555-0100",
    "I forgot my password.": "Forgot password",
}
CALLS = 20


def test_twenty_calls_at_once_get_the_right_answers_and_leave_nothing(client, standin, monkeypatch):
    loops, opened = set(), type(standin.state.ears).open

    async def open_and_look(self, keywords=()):
        loops.add(asyncio.get_running_loop())
        return await opened(self, keywords)

    monkeypatch.setattr(type(standin.state.ears), "open", open_and_look)
    made, asked = agent(client), list(QUESTIONS) * 5
    first = asyncio.run(reply(client, made, said(asked[0]), -65.0, 0))  # the models are loaded
    assert QUESTIONS[asked[0]] in first
    loop = loops.pop()
    time.sleep(1)  # until that call is put away
    threads, tasks = _threads(), _tasks(loop)
    given = asyncio.run(
        gather(*(reply(client, made, said(asked[n], n), -65.0, n) for n in range(CALLS)))
    )
    assert [QUESTIONS[text] in answer for text, answer in zip(asked, given, strict=True)] == [
        True
    ] * CALLS, given
    until(lambda: standin.state.conversations.live(made) == 0, "the calls' end")
    until(lambda: _tasks(loop) <= tasks, "the end of their tasks")
    until(lambda: _threads() <= threads, "the end of their threads")


def _tasks(loop: asyncio.AbstractEventLoop) -> int:
    return len(asyncio.all_tasks(loop))


def _threads() -> set[str]:
    """The threads there are, less those of an event loop's pool, which is bounded and stays."""
    names = {thread.name for thread in threading.enumerate()}
    return {name for name in names if not name.startswith("asyncio_")}
