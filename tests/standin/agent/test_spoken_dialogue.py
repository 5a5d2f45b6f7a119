"""Spoken conversations through the official SDK, by voices that are not of our own engine."""

from __future__ import annotations

import asyncio

import pytest
from spoken import AsyncConversation, Conversation, agent, gather, line, needs_strangers, said
from waiting import HANG

from bench.agent_turns import reply
from voicekit.conversation import Caller
from voicekit.standin.script import lines

pytestmark = [pytest.mark.extended, needs_strangers]

SCRIPT = ("I want a refund please.", "Where is my order?", "Order four two one seven.")
ANSWERS = ("A refund reaches you within five", "What is your order number?", "that is order 4217")
REFUND, ORDER = slice(0, 1), slice(1, 3)


def answers(caller) -> list[str]:
    return [entry.text for entry in caller.transcript if entry.who == "agent"]


def test_an_order_is_talked_over(client):
    caller = Caller([line(text, 1) for text in SCRIPT[ORDER]], patience=30, linger=0.3)
    conversation = Conversation(
        client,
        agent(client),
        requires_auth=False,
        audio_interface=caller,
        **caller.callbacks,
    )
    conversation.start_session()
    assert caller.wait(HANG)
    conversation.end_session()
    conversation.wait_for_session_end()
    assert caller.unanswered == []
    assert all(
        part in heard for part, heard in zip(ANSWERS[ORDER], answers(caller), strict=True)
    ), caller.transcript
    assert [turn.answered for turn in caller.turns("instant")] == [True, True]


def test_a_refund_is_talked_over_by_the_async_sdk(client):
    async def call() -> Caller:
        caller = Caller([line(text, 2) for text in SCRIPT[REFUND]], patience=30, linger=0.3)
        conversation = AsyncConversation(
            client,
            agent(client),
            requires_auth=False,
            audio_interface=caller,
            **caller.callbacks,
        )
        await conversation.start_session()
        assert await caller.done(90)
        await conversation.end_session()
        await conversation.wait_for_session_end()
        return caller

    caller = asyncio.run(call())
    assert all(
        part in heard for part, heard in zip(ANSWERS[REFUND], answers(caller), strict=True)
    ), caller.transcript


def test_talk_of_other_things_gets_an_honest_answer_and_no_order(client):
    other = ["We climbed the mountain before sunrise.", "How deep is the Pacific ocean?"]
    made = agent(client)
    given = asyncio.run(
        gather(*(reply(client, made, said(text, n), -65.0, n) for n, text in enumerate(other)))
    )
    honest = {lines.agents("not_understood"), lines.fixed("fallback")}
    assert set(given) <= honest
