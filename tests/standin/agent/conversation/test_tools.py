"""Tools: the client's own, through the official SDK, and the platform's."""

from __future__ import annotations

import json

import pytest
from llm import calling
from sdk import ClientTools, Conversation
from talk import ALL_EVENTS, agent, dial, hear, hear_all, hear_until, of, say
from waiting import until

LOOK_UP = {
    "type": "client",
    "name": "look_up_order",
    "description": "Look an order up.",
    "parameters": {
        "type": "object",
        "properties": {"order_number": {"type": "string"}},
        "required": ["order_number"],
    },
    "expects_response": True,
    "response_timeout_secs": 1,
}


SHIPPED = '{"status": "shipped"}'


def tool_ids(standin, *tools):
    return [standin.state.tools.create({"tool_config": tool}).id for tool in tools]


def with_tools(standin, *tools, model=None, **prompt):
    own = {"llm": "custom-llm", "custom_llm": {"url": model.url}} if model else {}
    return agent(
        standin,
        agent={"prompt": {"tool_ids": tool_ids(standin, *tools), **own, **prompt}},
        conversation={"text_only": True, "client_events": ALL_EVENTS},
    )


def test_the_sdk_runs_a_tool_and_the_agent_says_what_came_of_it(standin, client):
    made = with_tools(standin, LOOK_UP)
    asked, said = [], []
    tools = ClientTools()
    tools.register("look_up_order", lambda given: asked.append(given) or SHIPPED)
    talk = Conversation(
        client,
        made,
        requires_auth=False,
        client_tools=tools,
        callback_agent_response=said.append,
    )
    talk.start_session()
    until(lambda: talk._ws)
    talk.send_user_message("Where is my order 1042?")
    until(lambda: said)
    talk.end_session()
    conversation_id = talk.wait_for_session_end()
    assert [given["order_number"] for given in asked] == ["1042"]
    assert "shipped" in said[0]
    record = standin.state.conversations.get(conversation_id)
    (calls,) = [item for item in record.items if item.tool_calls]
    assert calls.tool_calls[0]["tool_name"] == "look_up_order"
    assert json.loads(calls.tool_results[0]["result_value"]) == {"status": "shipped"}


def test_a_result_is_the_text_that_the_model_reads(standin, llm):
    model = llm(calling("look_up_order", '{"order_number": "7"}'), "Done.")
    made = with_tools(standin, LOOK_UP, model=model)
    with dial(standin, made, {}) as socket:
        say(socket, type="user_message", text="Hi.")
        call = hear(socket, "client_tool_call")["client_tool_call"]
        assert call["parameters"] == {"order_number": "7"}
        assert call["expects_response"] is True
        answer = {"tool_call_id": call["tool_call_id"], "result": SHIPPED, "is_error": False}
        say(socket, type="client_tool_result", **answer)
        assert hear(socket, "agent_tool_response")["agent_tool_response"]["is_error"] is False
        hear(socket, "agent_response")
    asked, tool = model.bodies[1]["messages"][-2:]
    assert asked["tool_calls"][0]["function"]["name"] == "look_up_order"
    assert tool == {"role": "tool", "tool_call_id": "call_1", "content": SHIPPED}


RESULT = {"type": "client_tool_result", "tool_call_id": "x", "result": "ok", "is_error": False}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({**RESULT, "result": {"status": "shipped"}}, "result must be a string, not an object"),
        ({**RESULT, "result": ["shipped"]}, "result must be a string, not an array"),
        ({**RESULT, "result": 42}, "result must be a string, not an integer"),
        ({**RESULT, "result": 4.2}, "result must be a string, not a number"),
        ({**RESULT, "result": True}, "result must be a string, not a boolean"),
        ({**RESULT, "result": None}, "result must be a string, not null"),
        ({**RESULT, "tool_call_id": 7}, "tool_call_id must be a string, not an integer"),
        ({**RESULT, "is_error": "no"}, "is_error must be a boolean, not a string"),
        ({"type": "client_tool_result"}, "tool_call_id must be a string, not missing"),
        ({"type": "pong", "event_id": "1"}, "event_id must be an integer, not a string"),
        ({"type": "pong", "event_id": True}, "event_id must be an integer, not a boolean"),
        ({"type": "user_message", "text": ["Hi"]}, "text must be a string, not an array"),
        ({"type": "contextual_update", "text": {}}, "text must be a string, not an object"),
        ({"type": "contextual_update"}, "text must be a string, not missing"),
        ({"type": "feedback", "event_id": 1, "score": 5}, "score must be a string"),
        ({"type": "multimodal_message", "text": "Hi"}, "text must be an object, not a string"),
    ],
)
def test_a_message_that_breaks_the_contract_is_refused_and_named(standin, message, said):
    with dial(standin, with_tools(standin), {}) as socket:
        say(socket, **message)
        heard, code, reason = hear_all(socket)
    assert code == 1008
    assert f"{message['type']}.{said}" in reason
    assert heard[-1]["error_event"]["error_type"] == "invalid_message"


@pytest.mark.parametrize(
    "message",
    [
        RESULT, {"type": "unheard_of", "result": 5}, {"type": ["pong"]}, {"type": None}, {},
        {"type": "user_message", "text": None}, {"type": "user_message"}, {"type": "user_activity"},
    ],
)  # fmt: skip
def test_a_message_that_keeps_the_contract_or_is_not_known_is_passed_over(standin, message):
    with dial(standin, with_tools(standin), {}) as socket:
        say(socket, **message)
        say(socket, type="user_message", text="Goodbye.")
        assert hear(socket, "agent_response")


@pytest.mark.parametrize(
    "arguments",
    [
        "{",
        "[]",
        "NaN",
        '{"a": NaN}',
        "[" * 100_000,
        '{"a": ' * 5000 + "1" + "}" * 5000,
        '{"a": "\\ud800"}',
    ],
    ids=range(7),
)
def test_arguments_that_are_no_object_are_an_error_for_the_model(standin, llm, arguments):
    model = llm(calling("look_up_order", arguments), "I could not look.")
    with dial(standin, with_tools(standin, LOOK_UP, model=model), {}) as socket:
        say(socket, type="user_message", text="Hi.")
        assert hear(socket, "agent_tool_response")["agent_tool_response"]["is_error"] is True
        hear(socket, "agent_response")
    assert "arguments" in json.loads(model.bodies[1]["messages"][-1]["content"])["error"]


def test_a_client_that_does_not_answer_is_an_error_for_the_model(standin, llm):
    model = llm(calling("look_up_order"), "I could not look.")
    with dial(standin, with_tools(standin, LOOK_UP, model=model), {}) as socket:
        say(socket, type="user_message", text="Hi.")
        assert hear(socket, "agent_tool_response")["agent_tool_response"]["is_error"] is True
        hear(socket, "agent_response")
    content = model.bodies[1]["messages"][-1]["content"]
    assert "did not answer within 1 s" in json.loads(content)["error"]


def test_a_tool_that_expects_no_response_is_not_waited_for(standin, llm):
    model = llm(calling("show_page"), "Look at it.")
    tool = {"type": "client", "name": "show_page", "description": "Show a page."}
    with dial(standin, with_tools(standin, tool, model=model), {}) as socket:
        say(socket, type="user_message", text="Hi.")
        heard = hear_until(socket, lambda message: message["type"] == "agent_response")
    assert [
        m["client_tool_call"]["expects_response"] for m in heard if "client_tool_call" in m
    ] == [False]


def test_a_tool_that_nobody_has_is_an_error_for_the_model(standin, llm):
    model = llm(calling("fly"), "I cannot fly.")
    with dial(standin, with_tools(standin, LOOK_UP, model=model), {}) as socket:
        say(socket, type="user_message", text="Fly!")
        hear(socket, "agent_response")
    assert "no tool 'fly'" in model.bodies[1]["messages"][-1]["content"]


def test_end_call_says_its_message_and_then_closes_normally(standin, llm):
    model = llm(calling("end_call", '{"reason": "done", "message": "Goodbye, Ada."}'))
    made = with_tools(standin, model=model, built_in_tools={"end_call": {"params": {}}})
    with dial(standin, made, {}) as socket:
        say(socket, type="user_message", text="That is all.")
        heard, code, reason = hear_all(socket)
    assert (code, reason) == (1000, "end_call tool was called.")
    assert of(heard, "agent_response")[0]["agent_response"] == "Goodbye, Ada."
    assert heard[-1]["type"] == "agent_tool_response"
    assert heard[-1]["agent_tool_response"]["tool_name"] == "end_call"
    offered = [tool["function"]["name"] for tool in model.bodies[0]["tools"]]
    assert offered == ["end_call"]


def test_the_script_ends_the_call_when_the_caller_says_goodbye(standin):
    made = with_tools(standin, built_in_tools={"end_call": {"params": {}}})
    with dial(standin, made, {}) as socket:
        say(socket, type="user_message", text="Goodbye.")
        heard, code, _ = hear_all(socket)
    assert code == 1000
    assert "Goodbye" in of(heard, "agent_response")[0]["agent_response"]


def test_skip_turn_says_nothing_and_language_detection_is_noted(standin, llm):
    model = llm(
        calling("language_detection", '{"reason": "asked", "language": "DE"}'),
        calling("skip_turn"),
        "Still here.",
    )
    built_in = {"skip_turn": {"params": {}}, "language_detection": {"params": {}}}
    with dial(standin, with_tools(standin, model=model, built_in_tools=built_in), {}) as socket:
        say(socket, type="user_message", text="Auf Deutsch, moment.")
        until(lambda: len(model.bodies) == 2)
        say(socket, type="user_message", text="Hello?")
        heard = hear_until(socket, lambda message: message["type"] == "agent_response")
    assert of(heard, "agent_response")[0]["agent_response"] == "Still here."
    conversation_id = of(heard, "conversation_initiation_metadata")[0]["conversation_id"]
    assert standin.state.conversations.get(conversation_id).main_language == "de"
