from __future__ import annotations

import json

import pytest
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import (
    AgentConfig,
    ConversationSimulationSpecification,
    PromptAgentApiModelOutput,
)

from voicekit.standin.agents.store import READY
from voicekit.standin.rest.simulated_user import GOODBYE, RULES, SimulatedUser


def caller(prompt: str, first_message: str = "", **more):
    told = AgentConfig(first_message=first_message, prompt=PromptAgentApiModelOutput(prompt=prompt))
    return ConversationSimulationSpecification(simulated_user_config=told, **more)


def lines(result) -> list[tuple[str, str | None]]:
    return [(item.role, item.message) for item in result.simulated_conversation]


def test_both_sides_speak_in_turn_and_the_result_says_who_made_the_text(agents):
    prompt = "You want to know where your parcel is. Your order number is A-1042."
    result = agents.simulate_conversation(READY, simulation_specification=caller(prompt))
    said = lines(result)
    assert [role for role, _ in said] == ["agent", *["user", "agent"] * (len(said) // 2)]
    assert ("user", "It is A-1042.") in said
    assert any("A-1042" in text for role, text in said if role == "agent")
    assert said[-2] == ("user", GOODBYE)
    assert RULES in result.analysis.transcript_summary
    assert result.analysis.call_successful == "unknown"


def test_quoted_sentences_are_said_word_for_word(agents):
    prompt = 'You say "Say hello." and later "Count to five.".'
    said = lines(agents.simulate_conversation(READY, simulation_specification=caller(prompt)))
    assert said[1:5] == [
        ("user", "Say hello."),
        ("agent", "Hello!"),
        ("user", "Count to five."),
        ("agent", "One, two, three, four, five."),
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_no_more_is_said_than_asked_for(agents, limit):
    wanted = caller("You are lost.", "Say hello.")
    result = agents.simulate_conversation(
        READY, simulation_specification=wanted, new_turns_limit=limit
    )
    assert len(result.simulated_conversation) == limit


def test_what_was_said_before_is_gone_on_from(agents):
    before = [
        {"role": "agent", "message": "What is your order number?", "time_in_call_secs": 3},
    ]
    wanted = caller("Your order number is A-1042.", partial_conversation_history=before)
    said = lines(agents.simulate_conversation(READY, simulation_specification=wanted))
    assert said[:2] == [("agent", "What is your order number?"), ("user", "It is A-1042.")]


def test_a_tool_gives_what_its_mock_says(client, agents):
    tool = {
        "type": "client",
        "name": "get_order_status",
        "description": "Looks up an order.",
        "expects_response": True,
        "parameters": {
            "type": "object",
            "properties": {"order_number": {"type": "string", "description": "e.g. A-1"}},
            "required": ["order_number"],
        },
    }
    prompt = {"tool_ids": [client.conversational_ai.tools.create(request={"tool_config": tool}).id]}
    agents.update(READY, conversation_config={"agent": {"prompt": prompt}})
    mocks = {"get_order_status": {"default_return_value": '{"status": "shipped"}'}}
    prompt = 'You say "Where is my order A-1042?".'
    mocked = caller(prompt, tool_mock_config=mocks)
    answer = agents.simulate_conversation(READY, simulation_specification=mocked)
    item = answer.simulated_conversation[2]
    assert json.loads(item.tool_calls[0].params_as_json) == {"order_number": "A-1042"}
    assert item.tool_results[0].result_value == '{"status": "shipped"}'
    assert "shipped" in item.message
    unmocked = agents.simulate_conversation(READY, simulation_specification=caller(prompt))
    result = unmocked.simulated_conversation[2].tool_results[0]
    assert result.is_error is True
    assert "tool_mock_config" in result.result_value


def test_the_agent_answers_from_its_documents(client, agents):
    documents = client.conversational_ai.knowledge_base.documents
    made = documents.create_from_text(text="The museum opens at nine.", name="Museum")
    located = [{"type": "text", "name": "Museum", "id": made.id}]
    agents.update(READY, conversation_config={"agent": {"prompt": {"knowledge_base": located}}})
    wanted = caller('"When does the museum open?"')
    said = lines(agents.simulate_conversation(READY, simulation_specification=wanted))
    assert ("agent", "The museum opens at nine.") in said


def test_a_missing_variable_is_named(agents):
    agents.update(READY, conversation_config={"agent": {"first_message": "Hi {{name}}!"}})
    with pytest.raises(ApiError) as refused:
        agents.simulate_conversation(READY, simulation_specification=caller("x"))
    assert "name" in refused.value.body["detail"]["message"]
    wanted = caller("x", dynamic_variables={"name": "Ada"})
    said = lines(agents.simulate_conversation(READY, simulation_specification=wanted))
    assert said[0] == ("agent", "Hi Ada!")


def test_criteria_are_answered_and_not_judged(agents):
    criteria = [{"id": "polite", "name": "p", "conversation_goal_prompt": "Was it polite?"}]
    result = agents.simulate_conversation(
        READY, simulation_specification=caller("x"), extra_evaluation_criteria=criteria
    )
    assert result.analysis.evaluation_criteria_results["polite"].result == "unknown"


def test_the_stream_is_one_item_a_line(agents, http):
    body = {
        "simulation_specification": {
            "simulated_user_config": {"prompt": {"prompt": '"Say hello."'}}
        }
    }
    path = f"/v1/convai/agents/{READY}/simulate-conversation"
    whole = http.post(path, json=body).json()["simulated_conversation"]
    streamed = [json.loads(line) for line in http.post(f"{path}/stream", json=body).iter_lines()]
    assert streamed == whole
    agents.simulate_conversation_stream(READY, simulation_specification=caller("x"))


def test_a_caller_whose_prompt_says_nothing_known_says_goodbye():
    user = SimulatedUser("Zebra xylophone.")
    assert [user.answer("Hello?"), user.answer("Goodbye!")] == [GOODBYE, None]
