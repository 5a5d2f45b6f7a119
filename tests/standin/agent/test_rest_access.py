from __future__ import annotations

import ssl
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from elevenlabs.core.api_error import ApiError

from voicekit.standin.agents.signing import LIFE
from voicekit.standin.agents.store import READY


@pytest.fixture
def conversations(client):
    return client.conversational_ai.conversations


def signed(conversations, **more) -> dict[str, str]:
    url = urlsplit(conversations.get_signed_url(agent_id=READY, **more).signed_url)
    return {name: values[0] for name, values in parse_qs(url.query).items()}


def test_a_signed_url_leads_to_this_server(standin, conversations):
    url = urlsplit(conversations.get_signed_url(agent_id=READY).signed_url)
    assert (url.scheme, url.port) == ("ws", standin.port)
    assert url.path == "/elevenlabs/v1/convai/conversation"


def test_over_tls_a_signed_url_is_secure(standin):
    url = f"https://127.0.0.1:{standin.port}/elevenlabs/v1/convai/conversation/get-signed-url"
    trusted = ssl.create_default_context(cafile=standin.ca_bundle)
    with httpx.Client(trust_env=False, verify=trusted, headers={"xi-api-key": "k"}) as client:
        answer = client.get(url, params={"agent_id": READY}).json()
    assert answer["signed_url"].startswith(f"wss://127.0.0.1:{standin.port}/")


def test_a_signature_opens_its_own_agent_for_a_quarter_of_an_hour(standin, conversations):
    state = standin.state
    state.clock = lambda: 1000.0
    signature = signed(conversations)["conversation_signature"]
    state.clock = lambda: 1000.0 + LIFE
    assert state.signatures.redeem(signature, READY)
    assert state.signatures.redeem(signature, "another") is None
    assert state.signatures.redeem("made up", READY) is None
    assert state.signatures.redeem(None, READY) is None
    state.clock = lambda: 1000.1 + LIFE
    assert state.signatures.redeem(signature, READY) is None


def test_a_signature_for_one_conversation_opens_once(standin, conversations):
    query = signed(conversations, include_conversation_id=True)
    found = standin.state.signatures.redeem(query["conversation_signature"], READY)
    assert found is not None
    assert found.conversation_id == query["conversation_id"]
    assert standin.state.signatures.redeem(query["conversation_signature"], READY) is None


def test_nothing_is_signed_for_an_agent_that_is_not_there(conversations):
    with pytest.raises(ApiError) as refused:
        conversations.get_signed_url(agent_id="nobody")
    assert refused.value.status_code == 404


def test_tokens_are_refused_with_the_way_that_works(client, conversations):
    with pytest.raises(ApiError) as refused:
        conversations.get_webrtc_token(agent_id=READY)
    assert "WebSocket" in refused.value.body["detail"]["message"]
    with pytest.raises(ApiError) as refused:
        client.tokens.single_use.create("tts_websocket")
    assert "tts_websocket" in refused.value.body["detail"]["message"]


def test_a_link_holds_a_token_if_the_agent_asks_for_one(agents):
    assert agents.link.get(READY).token is None
    agents.update(READY, platform_settings={"auth": {"enable_auth": True}})
    token = agents.link.get(READY).token
    assert token.purpose == "signed_url"
    assert token.conversation_token


def test_the_widget_is_told_what_the_agent_is_and_needs_no_key(standin, agents):
    agents.update(READY, platform_settings={"widget": {"variant": "tiny"}})
    with httpx.Client(trust_env=False) as client:
        url = f"{standin.elevenlabs_url}/v1/convai/agents/{READY}/widget"
        config = client.get(url).json()["widget_config"]
    assert config["variant"] == "tiny"
    assert config["language"] == "en"
    assert agents.widget.get(READY).widget_config.first_message == config["first_message"]
