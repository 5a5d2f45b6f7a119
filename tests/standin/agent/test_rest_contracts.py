"""The REST answers against the vendor's published contract."""

from __future__ import annotations

import pytest
from published import check

from voicekit.standin.agents.store import READY

C = "/v1/convai"
CLIENT_TOOL = {
    "type": "client",
    "name": "t",
    "description": "d",
    "parameters": {"type": "object", "properties": {}, "required": []},
}


@pytest.fixture
def world(standin, http):
    """One of everything, by the name that the contract's paths have for its id."""
    state = standin.state
    record = state.conversations.start(state.agents.get(READY), user_id="u")
    item = record.add("agent", "Hello", 0.5, event_id=1)
    item.cut("Hel")
    item.measure("convai_llm_service_ttfb", 0.1)
    item.call("c1", "t", {"a": 1}, "client")
    item.result("c1", "t", "ok", "client")
    record.rate("like", 1.0, event_id=1)
    record.finish("over", 2.0, "failed", (1011, "broke"))
    text = http.post(f"{C}/knowledge-base/text", json={"text": "Hello there.", "name": "n"})
    tool = http.post(f"{C}/tools", json={"tool_config": CLIENT_TOOL})
    secret = http.post(f"{C}/secrets", json={"type": "new", "name": "n", "value": "v"})
    prompt = {
        "tool_ids": [tool.json()["id"]],
        "knowledge_base": [{"type": "text", "name": "n", "id": text.json()["id"]}],
        "llm": "custom-llm",
        "custom_llm": {"url": "http://x/v1", "api_key": {"secret_id": secret.json()["secret_id"]}},
    }
    http.patch(
        f"{C}/agents/{READY}", json={"conversation_config": {"agent": {"prompt": prompt}}}
    ).raise_for_status()
    return {
        "agent_id": READY,
        "conversation_id": record.conversation_id,
        "documentation_id": text.json()["id"],
        "tool_id": tool.json()["id"],
        "secret_id": secret.json()["secret_id"],
        "chunk_id": f"{text.json()['id']}_0",
    }


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/conversation/get-signed-url?agent_id=agent_standin", None),
        ("POST", "/agents/create", {"conversation_config": {}}),
        ("GET", "/agents/{agent_id}", None),
        ("PATCH", "/agents/{agent_id}", {"name": "New"}),
        ("GET", "/agents", None),
        ("GET", "/agents/{agent_id}/link", None),
        ("GET", "/agents/{agent_id}/widget", None),
        ("POST", "/agents/{agent_id}/duplicate", {}),
        ("GET", "/conversations", None),
        ("GET", "/conversations/{conversation_id}", None),
        ("POST", "/conversations/{conversation_id}/feedback", {"feedback": "like"}),
        ("DELETE", "/conversations/{conversation_id}", None),
        ("GET", "/knowledge-base", None),
        ("POST", "/knowledge-base/text", {"text": "t"}),
        ("GET", "/knowledge-base/{documentation_id}", None),
        ("PATCH", "/knowledge-base/{documentation_id}", {"name": "x"}),
        ("GET", "/knowledge-base/{documentation_id}/dependent-agents", None),
        ("GET", "/knowledge-base/{documentation_id}/chunk/{chunk_id}", None),
        (
            "POST",
            "/knowledge-base/{documentation_id}/rag-index",
            {"model": "e5_mistral_7b_instruct"},
        ),
        ("GET", "/knowledge-base/{documentation_id}/rag-index", None),
        ("GET", "/knowledge-base/rag-index", None),
        ("POST", "/tools", {"tool_config": CLIENT_TOOL}),
        ("GET", "/tools", None),
        ("GET", "/tools/{tool_id}", None),
        ("PATCH", "/tools/{tool_id}", {"tool_config": CLIENT_TOOL}),
        ("GET", "/tools/{tool_id}/dependent-agents", None),
        ("POST", "/secrets", {"type": "new", "name": "n", "value": "v"}),
        ("GET", "/secrets", None),
        ("PATCH", "/secrets/{secret_id}", {"type": "update", "name": "n", "value": "v"}),
        ("GET", "/settings", None),
        ("PATCH", "/settings", {"rag_retention_period_days": 3}),
    ],
)
def test_an_answer_is_valid_by_the_contract(http, world, method, path, body):
    answer = http.request(method, f"{C}{path}".format(**world), json=body)
    assert answer.status_code == 200, answer.text
    check(method, f"{C}{path}".partition("?")[0], answer.json())


def test_a_simulation_is_valid_by_the_contract(http):
    body = {"simulation_specification": {"simulated_user_config": {"first_message": "Hello."}}}
    answer = http.post(f"{C}/agents/{READY}/simulate-conversation", json=body)
    check("POST", f"{C}/agents/{{agent_id}}/simulate-conversation", answer.json())


def test_a_wrong_body_is_refused_as_the_contract_says(http):
    answer = http.post(f"{C}/agents/create", json={"conversation_config": 1})
    assert answer.status_code == 422
    assert set(answer.json()["detail"][0]) == {"loc", "msg", "type"}
