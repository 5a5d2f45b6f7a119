"""The webhook's second API, judged by the official SDK; and errors in OpenAI's shape anywhere."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
import pytest
from fastapi import HTTPException
from openai import OpenAI
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter
from waiting import HANG

from voicekit.webhook import ANYONE, ToolCall, webhook

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
TOOL = {"type": "function", "name": "look_up", "parameters": {}, "strict": False}
SECRET = "a-secret"


async def answer(turn):
    if turn.said == "Fail":
        yield "Well, "
        raise RuntimeError("private words")
    if turn.results:
        yield ", ".join(f"{one['name']}: {one['content']}" for one in turn.results)
    elif turn.tools:
        yield "Let me see. "
        yield ToolCall("look_up", {"order": 1})
        yield ToolCall("look_up", {"order": 2})
    else:
        for word in ("You ", "said ", turn.said):
            yield word


@pytest.fixture
def client(serving):
    url = serving(webhook(answer, secret=SECRET))
    with OpenAI(base_url=f"{url}/v1", api_key=SECRET, max_retries=0, timeout=HANG) as client:
        yield client


def streamed(client: OpenAI, **body: Any) -> list[dict[str, Any]]:
    headers = {"authorization": f"Bearer {SECRET}"}
    reply = httpx2.post(
        f"{client.base_url}responses", headers=headers, json={**body, "stream": True}
    )
    lines = [line for line in reply.text.split("\n") if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest.mark.parametrize("tools", [[], [TOOL]])
def test_text_and_calls_streamed_and_whole_are_the_same(client, tools):
    asked = {"model": "mine", "input": "Hello", "tools": tools}
    whole = client.responses.create(**asked)
    with client.responses.stream(**asked) as stream:
        list(stream)
        final = stream.get_final_response()
    assert final.output_text == whole.output_text == ("Let me see. " if tools else "You said Hello")
    for response in (whole, final):
        assert response.status == "completed"
        assert response.model == "mine"
        calls = [item for item in response.output if item.type == "function_call"]
        assert [call.arguments for call in calls] == ['{"order": 1}', '{"order": 2}'][
            : 2 * len(tools)
        ]


@pytest.mark.parametrize("said", ["Hello", "Fail"])
@pytest.mark.parametrize("tools", [[], [TOOL]])
def test_every_event_has_its_type_and_its_number(client, said, tools):
    events = streamed(client, input=said, tools=tools)
    for event in events:
        EVENT.validate_python(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    whole = events[-1]["response"]
    Response.model_validate(whole)
    assert events[-1]["type"] == ("response.failed" if said == "Fail" else "response.completed")
    assert "private words" not in json.dumps(events)
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert done == whole["output"]


def test_results_come_back_with_the_names_of_their_calls(client):
    first = client.responses.create(model="m", input="Hello", tools=[TOOL])
    calls = [item for item in first.output if item.type == "function_call"]
    history = [
        {"role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
        *[item.model_dump(exclude_none=True) for item in first.output],
        *[{"type": "function_call_output", "call_id": one.call_id, "output": "it came"}
          for one in calls],
    ]  # fmt: skip
    response = client.responses.create(model="m", input=history, tools=[TOOL])
    assert response.output_text == "look_up: it came, look_up: it came"


def test_a_turn_is_the_same_whichever_api_asks(asked):
    seen = []

    def note(turn):
        seen.append(turn)
        return "Yes."

    app = webhook(note, secret=ANYONE)
    call = {"type": "function", "function": {"name": "f", "arguments": "{}"}, "id": "c"}
    extra = {"user_id": "u", "elevenlabs_extra_body": {"a": 1}, "model": "m", "stream": True}
    chat = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": "x"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "max_completion_tokens": 9,
        **extra,
    }
    responses = {
        "instructions": "Be brief.",
        "input": [
            {"role": "user", "content": "Hi"},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "x"},
        ],
        "tools": [{"type": "function", "name": "f", "parameters": {}}],
        "max_output_tokens": 9,
        **extra,
    }
    asked(app, path="/v1/chat/completions", body=chat)
    asked(app, path="/v1/responses", body=responses)
    assert seen[0].body == seen[1].body
    assert seen[0].key == seen[1].key


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"previous_response_id": "resp_1"}, "keeps no responses"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "store: false"),
        ({"input": []}, "input"),
        ({"input": 3}, "input"),
        ({"input": [{"role": "user"}]}, "content"),
    ],
)
def test_what_needs_a_memory_or_is_none_is_refused_in_words(client, body, words):
    with pytest.raises(openai.BadRequestError, match=words):
        client.responses.create(**{"model": "m", "input": "Hi", **body})


def test_the_models_are_one_by_any_name(client):
    assert [model.id for model in client.models.list()] == ["voicekit"]
    assert client.models.retrieve("some/model").id == "some/model"
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="another").models.list()


def test_every_error_has_openais_shape(serving):
    app = webhook(answer, secret=SECRET, max_body=100)

    @app.get("/count/{number}")
    async def count(number: int) -> int:
        if number == 418:
            raise HTTPException(418, "Short and stout.")
        return 1 // number

    url = serving(app)
    headers = {"authorization": f"Bearer {SECRET}"}
    long = {"json": {"messages": [{"role": "user", "content": "x" * 200}]}}
    tried = [
        ("GET", "/nothing", {}, 404),
        ("GET", "/v1/chat/completions", {}, 405),
        ("PUT", "/v1/responses", {}, 405),
        ("POST", "/v1/models", {}, 405),
        ("POST", "/v1/chat/completions", long, 413),
        ("POST", "/v1/responses", long, 413),
        ("POST", "/v1/responses", {"content": b"x"}, 415),
        ("POST", "/v1/responses", {"json": {"input": "Fail"}}, 500),
        ("GET", "/count/one", {}, 422),
        ("GET", "/count/418", {}, 418),
        ("GET", "/count/0", {}, 500),
        ("POST", "/v1/responses", {"headers": {}}, 401),
        ("GET", "/v1/models", {"headers": {}}, 401),
    ]
    for method, path, how, status in tried:
        reply = httpx2.request(method, url + path, **{"headers": headers, **how})
        assert reply.status_code == status, (method, path)
        error = reply.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"]
        if status == 405:
            assert reply.headers["allow"]
