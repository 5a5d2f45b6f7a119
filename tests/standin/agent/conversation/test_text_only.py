"""Conversations in writing, through the official Python SDK and by hand."""

from __future__ import annotations

import asyncio

import pytest
from sdk import AsyncConversation, Conversation, ConversationInitiationData
from talk import agent, dial, hear, hear_all, hear_until, say
from waiting import HANG, until


@pytest.mark.parametrize("requires_auth", [False, True])
def test_the_sdk_converses_in_writing(standin, client, requires_auth):
    made = agent(standin, agent={"first_message": "Hello {{name}}."})
    said, parts, gone = [], [], []
    talk = Conversation(
        client,
        made,
        requires_auth=requires_auth,
        config=ConversationInitiationData(dynamic_variables={"name": "Ada"}),
        callback_agent_response=said.append,
        callback_agent_chat_response_part=lambda text, kind: parts.append((kind.value, text)),
        callback_disconnect=gone.append,
    )
    talk.start_session()
    until(lambda: said)
    talk.send_user_message("How long do I have to return something?")
    until(lambda: len(said) == 2)
    talk.end_session()
    conversation_id = talk.wait_for_session_end()
    assert said[0] == "Hello Ada."
    assert "30 days" in said[1]
    assert parts[:3] == [("start", ""), ("delta", "Hello Ada."), ("stop", "")]
    assert "".join(text for _, text in parts[3:]) == said[1]
    assert gone[0].reason == "user"
    record = standin.state.conversations.get(conversation_id)
    until(lambda: record.status == "done")
    assert [(item.role, item.message) for item in record.items] == [
        ("agent", "Hello Ada."),
        ("user", "How long do I have to return something?"),
        ("agent", said[1]),
    ]
    assert record.authorization == ("signed_url" if requires_auth else "public")
    assert record.source == "python_sdk"


def test_the_asynchronous_sdk_converses_in_writing(standin, client):
    async def converse():
        said: asyncio.Queue[str] = asyncio.Queue()
        talk = AsyncConversation(
            client, agent(standin), requires_auth=False, callback_agent_response=said.put
        )
        await talk.start_session()
        while talk._ws is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await talk.send_user_message("Say hello.")
        heard = await asyncio.wait_for(said.get(), HANG)
        await talk.end_session()
        await talk.wait_for_session_end()
        return heard

    assert asyncio.run(converse()) == "Hello!"


@pytest.mark.parametrize(
    "override", [{"text_only": True}, {"conversation": {"text_only": True}}], ids=["top", "inside"]
)
def test_no_sound_comes_when_text_only_is_asked_for_in_either_place(standin, override):
    made = agent(standin, agent={"first_message": "Hello."})
    with dial(standin, made, {"conversation_config_override": override}) as socket:
        heard = hear_until(socket, lambda message: message["type"] == "agent_response")
        say(socket, type="user_message", text="Say hello.")
        heard += hear_until(socket, lambda message: message["type"] == "agent_response")
    kinds = [message["type"] for message in heard]
    assert kinds[0] == "conversation_initiation_metadata"
    assert kinds.count("conversation_initiation_metadata") == 1
    assert "audio" not in kinds
    assert "user_transcript" not in kinds


def test_a_client_that_says_nothing_is_answered_after_a_while(standin):
    made = agent(standin, conversation={"text_only": True}, agent={"first_message": "Hello."})
    with dial(standin, made) as socket:
        assert hear(socket, "agent_response")["agent_response_event"]["agent_response"] == "Hello."


def test_an_unknown_agent_is_accepted_and_then_closed_with_3000(standin):
    with dial(standin, "agent_nobody", {}) as socket:
        heard, code, reason = hear_all(socket)
    assert code == 3000
    assert "does not exist" in reason
    (event,) = heard
    assert "agent_standin" in event["error_event"]["debug_message"]


def test_a_missing_variable_is_named(standin):
    made = agent(standin, agent={"first_message": "Hello {{name}} of {{ place }}."})
    with dial(standin, made, {"dynamic_variables": {"name": "Ada"}}) as socket:
        _, code, reason = hear_all(socket)
    assert code == 1008
    assert "place" in reason
    assert "name" not in reason.replace("dynamic_variables", "")
