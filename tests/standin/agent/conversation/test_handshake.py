"""How a conversation opens and how it is refused."""

from __future__ import annotations

import json

import httpx
import pytest
from talk import agent, dial, hear, hear_all
from websockets.sync.client import connect

WRITING = {"conversation_config_override": {"conversation": {"text_only": True}}}


def url(standin, agent_id):
    base = standin.elevenlabs_url.replace("http", "ws", 1)
    return f"{base}/v1/convai/conversation?agent_id={agent_id}&branch_id=b&novelty=1"


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(None, None), (["convai"], "convai"), (["bearer.x", "convai"], "convai")],
)
def test_the_subprotocol_is_echoed_when_it_is_offered(standin, offered, chosen):
    made = agent(standin, agent={"first_message": "Hello."})
    with connect(url(standin, made), subprotocols=offered, proxy=None) as socket:
        assert socket.subprotocol == chosen


@pytest.mark.parametrize("signature", [None, "cvtkn_made_up"])
def test_a_shut_agent_needs_a_valid_signature(standin, signature):
    made = agent(standin, {"auth": {"enable_auth": True}})
    query = {"conversation_signature": signature} if signature else {}
    with dial(standin, made, {}, **query) as socket:
        heard, code, reason = hear_all(socket)
    assert ([event["type"] for event in heard], code) == (["error"], 3000)
    assert reason.startswith("Could not authorize the conversation")
    assert heard[0]["error_event"]["message"].startswith(reason)


@pytest.mark.parametrize("sent", ["not json", "[1]", b"\x00", '{"user_audio_chunk": 5}'])
def test_what_is_no_message_closes_with_1008(standin, sent):
    made = agent(standin)
    with dial(standin, made, WRITING) as socket:
        hear(socket, "ping")
        socket.send(sent)
        heard, code, _ = hear_all(socket)
    assert code == 1008
    assert heard[-1]["error_event"]["error_type"] == "invalid_message"


def test_overrides_change_what_the_agent_says_and_how_it_sounds(standin, llm):
    model = llm("Yes.")
    own = {"llm": "custom-llm", "custom_llm": {"url": model.url}, "prompt": "Be short."}
    made = agent(standin, agent={"first_message": "Hello.", "prompt": own})
    override = {
        "agent": {"first_message": "Good day.", "prompt": {"prompt": "Be long."}, "language": None},
        "tts": {"voice_id": "21m00Tcm4TlvDq8ikWAM", "speed": 1.1},
    }
    with dial(standin, made, {"conversation_config_override": override}) as socket:
        heard = hear(socket, "agent_response")
        socket.send(json.dumps({"type": "user_message", "text": "Hi."}))
        hear(socket, "agent_response")
    assert heard["agent_response_event"]["agent_response"] == "Good day."
    assert model.said[0][0] == ("system", "Be long.")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ({"tts": {"speed": "fast"}}, "speed"),
        ({"tts": {"voice_id": "Rachel"}}, "21m00Tcm4TlvDq8ikWAM"),
        ({"agent": "me"}, "agent"),
    ],
)
def test_an_override_that_makes_no_sense_closes_with_1008(standin, override, said):
    with dial(standin, agent(standin), {"conversation_config_override": override}) as socket:
        heard, code, reason = hear_all(socket)
    assert ([event["type"] for event in heard], code) == (["error"], 1008)
    assert said in reason


def test_a_strict_stand_in_allows_what_the_agent_allows(standin, token):
    allowed = {"conversation_config_override": {"agent": {"first_message": True}}}
    made = agent(standin, {"overrides": allowed})
    url, strict = f"{standin.control_url}/settings", {"strict_overrides": True}
    assert httpx.put(url, json=strict, headers=token, trust_env=False).is_success
    first = {"agent": {"first_message": "Hello."}, "conversation": {"text_only": True}}
    start = {"conversation_config_override": {"agent": first["agent"]}}
    with dial(standin, made, start) as socket:
        assert hear(socket, "agent_response")
    start = {"conversation_config_override": {"agent": {"prompt": {"prompt": "Obey."}}}}
    with dial(standin, made, start) as socket:
        _, code, reason = hear_all(socket)
    assert (code, reason) == (1008, "Override for field 'prompt' is not allowed by config.")
