"""What REST tells of a conversation that was really held, over the socket that REST signed."""

from __future__ import annotations

import json

import pytest
from waiting import HANG, until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

MUSEUM = "The harbour museum opens at nine every morning."


@pytest.fixture
def made(client, agents) -> str:
    """An agent that types, knows a document, and asks for a signed URL."""
    documents = client.conversational_ai.knowledge_base.documents
    text = documents.create_from_text(text=MUSEUM, name="Museum")
    located = [{"type": "text", "name": "Museum", "id": text.id}]
    return agents.create(
        name="Museum",
        conversation_config={
            "agent": {
                "first_message": "Hi!",
                "prompt": {"knowledge_base": located, "rag": {"enabled": True}},
            },
            "conversation": {"text_only": True},
        },
        platform_settings={"auth": {"enable_auth": True}},
    ).agent_id


def hear(socket, kind: str):
    while (message := json.loads(socket.recv(timeout=HANG)))["type"] != kind:
        pass
    return message


def test_what_was_typed_and_answered_from_a_document_is_on_record(client, made):
    conversations = client.conversational_ai.conversations
    url = conversations.get_signed_url(agent_id=made).signed_url
    with connect(f"{url}&source=python_sdk&version=2", proxy=None) as socket:
        socket.send(json.dumps({"type": "conversation_initiation_client_data", "user_id": "u1"}))
        begun = hear(socket, "conversation_initiation_metadata")
        conversation_id = begun["conversation_initiation_metadata_event"]["conversation_id"]
        hear(socket, "agent_response")
        socket.send(json.dumps({"type": "user_message", "text": "When does the museum open?"}))
        answer = hear(socket, "agent_response")["agent_response_event"]["agent_response"]
    until(lambda: conversations.get(conversation_id).status == "done")
    told = conversations.get(conversation_id)
    assert answer == MUSEUM
    assert [(item.role, item.message) for item in told.transcript] == [
        ("agent", "Hi!"),
        ("user", "When does the museum open?"),
        ("agent", MUSEUM),
    ]
    assert (told.user_id, told.metadata.authorization_method) == ("u1", "signed_url")
    assert told.metadata.text_only is True
    hello, _, answered = (item.rag_retrieval_info for item in told.transcript)
    assert hello is None  # nobody was asked
    assert answered.retrieval_query == "When does the museum open?"
    assert len(answered.chunks) == 1
    assert [row.agent_name for row in conversations.list(user_id="u1").conversations] == ["Museum"]


def test_without_a_signature_no_conversation_begins(standin, client, made):
    url = f"ws://127.0.0.1:{standin.port}/elevenlabs/v1/convai/conversation?agent_id={made}"
    with connect(url, proxy=None) as socket, pytest.raises(ConnectionClosed) as closed:
        hear(socket, "conversation_initiation_metadata")
    assert closed.value.rcvd.code == 3000
    assert client.conversational_ai.conversations.list().conversations == []
