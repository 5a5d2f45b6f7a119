"""Every message of a conversation against the vendor's published contract.

The contract is not part of this repository; see `test_elevenlabs_contracts.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import jsonschema
import pytest
import yaml
from llm import calling
from talk import ALL_EVENTS, agent, dial, hear_until, say, utter

BESIDE = Path(__file__).resolve().parents[5] / "shared" / "schemas"
SCHEMAS = Path(os.environ.get("VOICEKIT_SCHEMAS", BESIDE))
NOT_IN_IT = {"agent_response_complete"}  # the Python SDK knows it, the contract does not


@pytest.fixture(scope="module")
def check():
    path = SCHEMAS / "agent.asyncapi.yaml"
    if not path.is_file():
        pytest.skip(
            "There is no agent.asyncapi.yaml: take it from github.com/elevenlabs/packages "
            "(packages/types) and set VOICEKIT_SCHEMAS to its folder."
        )
    document = yaml.safe_load(path.read_text("utf-8"))
    server = {
        message["$ref"].rpartition("/")[2]
        for message in document["channels"]["AgentMessages"]["publish"]["message"]["oneOf"]
    }
    messages = document["components"]["messages"]
    schemas = {}
    for name in server:
        kind = messages[name]["payload"]["$ref"].rpartition("/")[2]
        schemas[document["components"]["schemas"][kind]["properties"]["type"]["const"]] = kind

    def validate(message):
        if message["type"] in NOT_IN_IT:
            return
        schema = {"$ref": f"#/components/schemas/{schemas[message['type']]}"}
        schema["components"] = document["components"]
        jsonschema.Draft202012Validator(schema).validate(message)

    return validate


def test_every_message_is_valid_by_the_contract(standin, llm, ears, check):
    ears("Where is my order?", "Stop.", None)
    tool = {"type": "client", "name": "look", "description": "Look.", "expects_response": True}
    end = calling("end_call", '{"reason": "done", "message": "Goodbye."}')
    long = "I looked, and there is a lot to tell. Your parcel is on its way, it will be there soon."
    model = llm(calling("look"), long, "Of course.", end)
    own = {"llm": "custom-llm", "custom_llm": {"url": model.url}}
    own["tool_ids"] = [standin.state.tools.create({"tool_config": tool}).id]
    own["built_in_tools"] = {"end_call": {"params": {}}}
    made = agent(
        standin,
        agent={"first_message": "Hello.", "prompt": own},
        conversation={"client_events": [*ALL_EVENTS, "agent_tool_request", "agent_tool_response"]},
    )
    with dial(standin, made, {}) as socket:
        heard = hear_until(socket, lambda m: m["type"] == "agent_response_complete")
        utter(socket, 1.0, pause=0.05)
        heard += hear_until(socket, lambda m: m["type"] == "client_tool_call")
        call_id = heard[-1]["client_tool_call"]["tool_call_id"]
        say(socket, type="client_tool_result", tool_call_id=call_id, result="ok", is_error=False)
        heard += hear_until(socket, lambda m: m["type"] == "audio")
        utter(socket)
        heard += hear_until(socket, lambda m: m["type"] == "agent_response_complete")
        utter(socket)
        heard += hear_until(socket, lambda m: m["type"] == "agent_response_complete")
        say(socket, type="user_message", text="Bye.")
        heard += hear_until(socket, lambda m: "end_call" in str(m.get("agent_tool_response")))
    assert heard[0]["type"] == "conversation_initiation_metadata"
    assert {message["type"] for message in heard} == {*ALL_EVENTS, "client_tool_call"}
    for message in heard:
        check(message)


def test_an_error_and_chat_parts_are_valid_by_the_contract(standin, check):
    made = agent(
        standin,
        agent={"first_message": "Hello."},
        conversation={"text_only": True, "client_events": ALL_EVENTS, "max_duration_seconds": 1},
    )
    with dial(standin, made, {}) as socket:
        heard = hear_until(socket, lambda m: m["type"] == "error")
    assert "agent_chat_response_part" in {message["type"] for message in heard}
    for message in heard:
        check(message)
