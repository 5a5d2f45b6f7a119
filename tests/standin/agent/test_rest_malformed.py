"""Malformed bodies and queries at every REST endpoint of the agents, from a fixed seed."""

from __future__ import annotations

import random
import re

import pytest

from voicekit.standin.agents.store import READY
from voicekit.standin.rest.routes import AGENTS

NAMES = re.findall(
    r"\w+",
    """
    agent agent_ids api_schema auth built_in_tools content conversation_config criteria
    custom_llm cursor dynamic_variables enabled evaluation events feedback first_message id
    is_disabled knowledge_base llm message model name overrides page_size params
    parent_folder_id partial_conversation_history platform_settings privacy prompt rag rating
    role search settings simulated_user_config simulation_specification tags text tool_config
    tool_ids tool_mock_config tools tts turn type url usage_mode value webhook_url webhooks
    widget workflow workspace_overrides
    """,
)
VALUES = [
    None,
    True,
    0,
    -1,
    10**30,
    1e300,
    "",
    "a",
    "\u00e9\u2028",
    "{{x}}",
    "custom-llm",
    "x" * 500,
]
IDS = {
    "agent_id": READY,
    "conversation_id": "conv_000001",
    "documentation_id": "doc_000001",
    "tool_id": "tool_000001",
    "secret_id": "secret_000001",
    "webhook_id": "webhook_000001",
}


def junk(draw: random.Random, depth: int = 0):
    kind = draw.randrange(3) if depth < 4 else 2
    if kind == 0:
        return {draw.choice(NAMES): junk(draw, depth + 1) for _ in range(draw.randrange(5))}
    if kind == 1:
        return [junk(draw, depth + 1) for _ in range(draw.randrange(3))]
    return draw.choice(VALUES)


def nearly_right(draw: random.Random):
    """A body whose outside is right for one endpoint or another, and whose inside is not."""
    name, other = draw.choice(NAMES), draw.choice(NAMES)
    return draw.choice(
        [
            {"conversation_config": {"agent": {"prompt": {name: junk(draw, 2)}}}},
            {"conversation_config": {}, "platform_settings": {name: {other: junk(draw, 2)}}},
            {"simulation_specification": {"simulated_user_config": {}, name: junk(draw, 2)}},
            {"tool_config": {"type": "client", "name": "t", "description": "d", name: junk(draw)}},
            {"settings": {"name": "n", "webhook_url": "http://127.0.0.1:9/", name: junk(draw)}},
            {"text": "t", name: junk(draw)},
        ]
    )


@pytest.mark.parametrize("seed", range(4))
def test_nothing_malformed_is_our_bug(standin, http, seed):
    draw = random.Random(seed)
    standin.state.conversations.start(standin.state.agents.get(READY)).finish("over", 1.0)
    http.post("/v1/convai/knowledge-base/text", json={"text": "t"})
    answered = 0
    for route in AGENTS:
        if "{rest:path}" in route.path or route.path.endswith("/url"):
            continue
        path = re.sub(r"\{(\w+)\}", lambda place: IDS.get(place[1], "nothing"), route.path)
        for method in route.methods - {"HEAD", "DELETE"}:
            for make in (junk, nearly_right):
                query = (
                    {draw.choice(NAMES): str(draw.choice(VALUES))} if draw.random() < 0.3 else {}
                )
                body = {} if method == "GET" else {"json": make(draw)}
                answer = http.request(method, path, params=query, **body)
                assert answer.status_code < 500, (method, path, body, answer.text)
                if answer.status_code >= 400:
                    assert answer.json()["detail"]
                answered += 1
    assert answered > 70


def test_bytes_that_are_no_json_are_refused(http):
    for body in (b"\xff", b"[1]", b"{", b'{"a":NaN}', b"[" * 5000):
        json_type = {"content-type": "application/json"}
        answer = http.post("/v1/convai/agents/create", content=body, headers=json_type)
        assert answer.status_code == 422
