"""A room of thirty at one stand-in: each is answered, and each sees its own conversation alone."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import httpx
import pytest
from elevenlabs import ElevenLabs
from keyed import Room
from spoken import agent, gather, needs_strangers, said

from bench.agent_phone import Phone, call

pytestmark = [pytest.mark.extended, needs_strangers]

CALLERS = 30
AT_LAST = 180.0  # seconds; a busy machine is slower, not wrong
QUESTIONS = {
    "How much is shipping?": "$4.95",
    "How long does delivery take?": "three to five working days",
    "Can I talk to a human?": "555-0100",
}


async def _answer(client: ElevenLabs, agent_id: str, number: int) -> str:
    question = list(QUESTIONS)[number % len(QUESTIONS)]
    phone = Phone([said(question, number)], noise=-65.0, seed=number)
    async with call(client, agent_id, phone):
        await phone.until(lambda: phone.answers, AT_LAST)
    return f"{question} {phone.answers}"


def test_thirty_kernels_talk_at_once_and_none_fails():
    with Room() as room, ExitStack() as stack:
        http = stack.enter_context(httpx.Client(trust_env=False, timeout=AT_LAST))
        url = room.standin.elevenlabs_url
        clients = [
            ElevenLabs(base_url=url, api_key=f"kernel {n}", httpx_client=http)
            for n in range(CALLERS)
        ]
        agents = [agent(client) for client in clients]
        answers = asyncio.run(gather(*(_answer(clients[n], agents[n], n) for n in range(CALLERS))))
        wrong = [a for a in answers if not any(q in a and w in a for q, w in QUESTIONS.items())]
        assert wrong == []
        for client, made in zip(clients, agents, strict=True):
            own = client.conversational_ai.conversations.list().conversations
            assert [one.agent_id for one in own] == [made]
