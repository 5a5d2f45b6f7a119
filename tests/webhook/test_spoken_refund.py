"""The article's example, spoken: the official SDK, the stand-in as the platform, the kit's webhook.

The caller says it aloud and hears the answers; nothing but sound goes to the platform.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from elevenlabs import ElevenLabs
from elevenlabs.conversational_ai.conversation import Conversation
from waiting import HANG

from acme import Desk, converse
from voicekit.conversation import Caller
from voicekit.serving import App, Message, Receive, Scope, Send
from voicekit.webhook import Turn, webhook
from voicekit.world import World, connect

SECRET = "s3cret-of-the-agent"
TODAY = date(2026, 11, 21)
RACHEL, BRIAN = "21m00Tcm4TlvDq8ikWAM", "nPczCjzI2devNBz1zQrb"
ASKED = [
    "Where is my order one zero four two?",
    "I want a refund for it.",
    "Yes please.",
]
UNDERSTOOD = ["Where is my order 1042", "I want a refund for it", "Yes please"]
ANSWERED = [
    "Order 1042: travel mug, quantity 2, $42.00 in total, delivered on 16 November.",
    "Shall I refund $42.00 for order 1042?",
    "The refund of $42.00 for order 1042 is made. Your bank needs up to five working days.",
]


class LosingTheYes:
    """Between platform and webhook: the first answer to a yes is made, and lost on its way.

    The platform gets a 503 in its place, and so sends the same request again.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.requests: list[list[dict[str, Any]]] = []
        self.statuses: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""

        async def read() -> Message:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        async def reply(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = json.loads(body)["messages"]
                lost = said[-1]["content"].startswith("Yes") and said not in self.requests
                self.requests.append(said)
                self.statuses.append(503 if lost else message["status"])
                message["status"] = self.statuses[-1]
            await send(message)

        await self.app(scope, read, reply)


@pytest.fixture
def world() -> World:
    return connect("instant", offline=True)


@pytest.fixture
def eleven(world: World) -> Iterator[ElevenLabs]:
    with httpx.Client(trust_env=False, timeout=HANG) as transport:
        url, key = world.elevenlabs_url, world.elevenlabs_key.reveal()
        yield ElevenLabs(base_url=url, api_key=key, httpx_client=transport)


def desk_webhook(world: World, desk: Desk) -> App:
    async def answer(turn: Turn) -> AsyncIterator[Any]:
        async with world.async_openai() as client:
            async for piece in converse(client, desk, turn.messages, offered=turn.tools):
                yield piece

    return webhook(answer, secret=SECRET, max_sentences=3)


def agent_with(eleven: ElevenLabs, url: str) -> str:
    kept = eleven.conversational_ai.secrets.create(name="custom LLM", value=SECRET)
    own = {"url": url, "model_id": "mine", "api_key": {"secret_id": kept.secret_id}}
    prompt = {"llm": "custom-llm", "custom_llm": own, "cascade_timeout_seconds": 15}
    settings = {
        "agent": {"first_message": "", "prompt": prompt},
        "tts": {"voice_id": RACHEL, "model_id": "eleven_flash_v2_5", "speed": 1.2},
    }
    made = eleven.conversational_ai.agents.create(name="Acme", conversation_config=settings)
    return str(made.agent_id)


@pytest.mark.extended
def test_a_spoken_refund_is_made_once_though_its_request_comes_twice(
    serving: Callable[[App], str], eleven: ElevenLabs, world: World, tmp_path: Path
) -> None:
    pytest.importorskip("pocketsphinx")  # the stand-in's ears
    desk = Desk(tmp_path / "acme.db", today=TODAY)
    between = LosingTheYes(desk_webhook(world, desk))
    agent_id = agent_with(eleven, f"{serving(between)}/v1")

    caller = Caller(ASKED, world, voice=BRIAN, patience=20, linger=0.4)
    conversation = Conversation(
        eleven, agent_id, requires_auth=False, audio_interface=caller, **caller.callbacks
    )
    conversation.start_session()
    assert caller.wait(HANG)
    conversation.end_session()
    conversation_id = conversation.wait_for_session_end()

    def of(who: str) -> list[str]:
        return [entry.text for entry in caller.transcript if entry.who == who]

    assert of("understood") == UNDERSTOOD
    assert of("agent") == ANSWERED
    assert caller.unanswered == []

    assert between.statuses[-2:] == [503, 200]
    assert between.requests[-2] == between.requests[-1]
    assert [(r.order_id, r.cents) for r in desk.orders.refunds()] == [("1042", 4200)]

    record = eleven.conversational_ai.conversations.get(conversation_id)
    told = [item.message for item in record.transcript if item.role == "agent"]
    heard = [item.message for item in record.transcript if item.role == "user"]
    assert (told, heard) == (ANSWERED, UNDERSTOOD)
