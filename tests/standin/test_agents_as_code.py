"""Agents as code: the official SDK's workflows, made, kept, read back and changed."""

from __future__ import annotations

from typing import Any

import elevenlabs
import httpx
import pytest
from elevenlabs.agent_workflows import Destination, Workflow

from voicekit.standin import Standin

LOOK_UP = {"type": "client", "name": "look_up", "description": "Look an order up."}


@pytest.fixture
def platform(standin: Standin) -> Any:
    with httpx.Client(trust_env=False, timeout=60) as direct:
        yield elevenlabs.ElevenLabs(
            base_url=standin.elevenlabs_url, api_key=standin.elevenlabs_key, httpx_client=direct
        ).conversational_ai


def desk(tool_id: str) -> Workflow:
    workflow = Workflow()
    triage = workflow.converse("triage", "Find out what the caller needs.")
    lookup = triage.when("The caller gave an order number").tool("lookup", [tool_id])
    lookup.on_result(
        success=lambda branch: branch.converse("resolve", "Say where the order is.").end(),
        failure=lambda branch: branch.transfer("human", Destination.phone("+15551234567")),
    )
    return workflow


def test_a_workflow_written_as_code_comes_back_as_it_was(platform: Any) -> None:
    tool = platform.tools.create(request={"tool_config": LOOK_UP})
    made = platform.agents.create(
        conversation_config={"agent": {"first_message": "Hello."}},
        name="Desk",
        workflow=desk(tool.id).build(),
    )
    kept = Workflow.from_agent(platform.agents.get(made.agent_id))
    assert kept.to_json() == desk(tool.id).to_json()
    assert Workflow.from_json(kept.to_json_string()).to_json() == kept.to_json()


def test_a_workflow_is_changed_and_the_rest_of_the_agent_stays(platform: Any) -> None:
    tool = platform.tools.create(request={"tool_config": LOOK_UP})
    config = {"agent": {"first_message": "Hello.", "prompt": {"tool_ids": [tool.id]}}}
    made = platform.agents.create(conversation_config=config, workflow=desk(tool.id).build())
    workflow = Workflow.from_agent(platform.agents.get(made.agent_id))
    workflow.node("triage").when("The caller says goodbye").end(id="goodbye")
    platform.agents.update(made.agent_id, workflow=workflow.build())
    agent = platform.agents.get(made.agent_id)
    assert Workflow.from_agent(agent).to_json() == workflow.to_json()
    assert agent.conversation_config.agent.first_message == "Hello."
    assert agent.conversation_config.agent.prompt.tool_ids == [tool.id]
