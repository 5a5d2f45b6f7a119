from __future__ import annotations

import pytest
from elevenlabs import UnprocessableEntityError
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import ToolRequestModel, ToolRequestModelToolConfig_Client

from voicekit.standin.agents.store import READY


@pytest.fixture
def tools(client):
    return client.conversational_ai.tools


def client_tool(name="open_page", **more):
    config = ToolRequestModelToolConfig_Client(name=name, description="Opens a page.", **more)
    return ToolRequestModel(tool_config=config)


def test_a_tool_is_made_read_changed_and_deleted(tools):
    made = tools.create(request=client_tool(expects_response=True))
    assert made.tool_config.response_timeout_secs == 20
    assert tools.get(made.id).tool_config.expects_response is True
    changed = tools.update(made.id, request=client_tool("close_page"))
    assert (changed.id, changed.tool_config.name) == (made.id, "close_page")
    assert [tool.id for tool in tools.list().tools] == [made.id]
    assert tools.list(types=["webhook"]).tools == []
    tools.delete(made.id)
    with pytest.raises(ApiError) as refused:
        tools.get(made.id)
    assert refused.value.body["detail"]["code"] == "tool_not_found"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"type": "client", "name": "two words", "description": ""},
        {"type": "client", "name": "t", "description": "", "response_timeout_secs": 500},
        {"type": "webhook", "name": "t", "description": ""},
        {"type": "psychic", "name": "t", "description": ""},
    ],
)
def test_a_tool_that_is_none_is_refused(http, config):
    assert http.post("/v1/convai/tools", json={"tool_config": config}).status_code == 422


def test_an_agents_tools_are_those_by_id_then_built_in(standin, agents, tools):
    shared = tools.create(request=client_tool())
    prompt = {
        "tool_ids": [shared.id, "tool_gone"],
        "built_in_tools": {"end_call": {}, "skip_turn": None},
    }
    agents.update(READY, conversation_config={"agent": {"prompt": prompt}})
    found = standin.state.tools.of(standin.state.agents.get(READY).prompt)
    assert [tool["name"] for tool in found] == ["open_page", "end_call"]
    assert found[0]["description"] == "Opens a page."
    assert (found[1]["type"], found[1]["params"]["system_tool_type"]) == ("system", "end_call")
    users = tools.get_dependent_agents(shared.id).agents
    assert [user.id for user in users] == [READY]


@pytest.mark.parametrize("beside", [{}, {"tool_ids": []}, {"tool_ids": ["tool_000001"]}])
def test_a_tool_within_a_prompt_is_rejected_and_the_way_of_today_is_named(agents, beside):
    tool = {"type": "client", "name": "inline", "description": "d"}
    config = {"agent": {"prompt": {"tools": [tool], **beside}}}
    for refused in (
        lambda: agents.create(conversation_config=config),
        lambda: agents.update(READY, conversation_config=config),
    ):
        with pytest.raises(UnprocessableEntityError, match=r"prompt\.tool_ids") as caught:
            refused()
        assert caught.value.body["detail"][0]["loc"][-1] == "prompt"
    agents.update(READY, conversation_config={"agent": {"prompt": {"tools": []}}})
    assert "tools" not in agents.get(READY).conversation_config.agent.prompt.model_dump(
        exclude_none=True
    )


def test_use_is_counted(standin, agents, tools):
    shared = tools.create(request=client_tool())
    agents.update(READY, conversation_config={"agent": {"prompt": {"tool_ids": [shared.id]}}})
    prompt = standin.state.agents.get(READY).prompt
    for seconds in (0.1, 0.3):
        standin.state.tools.used("open_page", prompt, seconds)
    stats = tools.get(shared.id).usage_stats
    assert stats.total_calls == 2
    assert stats.avg_latency_secs == pytest.approx(0.2)
