"""The official SDK, unmodified, judges the stand-in's Responses API; its types are the schema."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter
from waiting import HANG

from voicekit.standin import Standin

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
HOURS = "Our stores are open Monday to Friday from 9:00 to 19:00, and Saturday from 10:00 to 16:00."
TOOL = {
    "type": "function",
    "name": "get_order_status",
    "description": "Look up an order.",
    "parameters": {
        "type": "object",
        "properties": {"order_id": {"type": "string", "description": "The order number"}},
        "required": ["order_id"],
    },
}
ORDERS = "Where are orders 1042 and A-77001?"


@pytest.fixture
def client(standin: Standin) -> Any:
    with OpenAI(
        base_url=standin.openai_url, api_key=standin.openai_key, max_retries=0, timeout=HANG
    ) as client:
        yield client


def ask(client: Any, **options: Any) -> Any:
    return client.responses.create(**{"model": "voicekit-script-1", "input": ORDERS, **options})


def streamed(standin: Standin, **body: Any) -> list[dict[str, Any]]:
    headers = {"authorization": f"Bearer {standin.openai_key}"}
    body = {"model": "voicekit-script-1", "input": ORDERS, "stream": True, **body}
    reply = httpx2.post(f"{standin.openai_url}/responses", headers=headers, json=body)
    events = []
    for block in reply.text.removesuffix("\n\n").split("\n\n"):
        name, _, data = block.partition("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    return events


def test_both_apis_say_the_same_words(client: Any) -> None:
    question = "What are your opening hours?"
    raw = client.responses.with_raw_response.create(model="voicekit-script-1", input=question)
    response = raw.parse()
    assert raw.headers["x-voicekit-responder"] == "retrieval"
    assert response.output_text == HOURS
    assert response.status == "completed"
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    chat = client.chat.completions.create(
        model="voicekit-script-1", messages=[{"role": "user", "content": question}]
    )
    assert chat.choices[0].message.content == HOURS
    assert chat.usage.completion_tokens == usage.output_tokens


@pytest.mark.parametrize(
    "body", [{}, {"tools": [TOOL]}, {"tools": [TOOL], "max_output_tokens": 16}]
)
def test_every_event_has_its_type_and_its_number_and_the_last_holds_the_whole(
    standin: Standin, body: dict[str, Any]
) -> None:
    events = streamed(standin, **body)
    for event in events:
        EVENT.validate_python(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    whole = events[-1]["response"]
    Response.model_validate(whole)
    assert events[-1]["type"] == f"response.{whole['status']}"
    assert (whole["status"] == "incomplete") == ("max_output_tokens" in body)
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert done == whole["output"]
    for index, item in enumerate(done):
        deltas = [
            event["delta"]
            for event in events
            if event["type"].endswith(".delta") and event["output_index"] == index
        ]
        assert "".join(deltas) == (item.get("arguments") or item["content"][0]["text"])


def test_the_sdks_stream_gathers_text_and_calls(client: Any) -> None:
    with client.responses.stream(model="voicekit-script-1", input=ORDERS, tools=[TOOL]) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_response()
    assert "response.function_call_arguments.delta" in kinds
    assert [json.loads(call.arguments) for call in final.output] == [
        {"order_id": "1042"},
        {"order_id": "A-77001"},
    ]


def test_results_go_back_whole_by_the_previous_response_or_by_reference(client: Any) -> None:
    first = ask(client, tools=[TOOL])
    outputs = [
        {"type": "function_call_output", "call_id": call.call_id, "output": '{"status": "shipped"}'}
        for call in first.output
    ]
    said = {"role": "user", "content": ORDERS}
    calls = [call.model_dump(exclude_none=True) for call in first.output]
    references = [{"type": "item_reference", "id": call.id} for call in first.output]
    answers = {
        ask(client, input=outputs, previous_response_id=first.id, tools=[TOOL]).output_text,
        ask(client, input=[said, *calls, *outputs], tools=[TOOL]).output_text,
        ask(client, input=[said, *references, *outputs], tools=[TOOL]).output_text,
    }
    assert len(answers) == 1
    assert "shipped" in answers.pop()


def test_what_is_not_stored_cannot_be_referred_to(client: Any) -> None:
    kept, gone = ask(client), ask(client, store=False)
    assert client.responses.retrieve(kept.id).output_text == kept.output_text
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(gone.id)
    with pytest.raises(openai.BadRequestError, match="Previous response") as caught:
        ask(client, previous_response_id=gone.id)
    assert caught.value.code == "previous_response_not_found"
    client.responses.delete(kept.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(kept.id)


CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": []}, "input"),
        ({"input": 3}, "input"),
        ({"input": [{"role": "caller", "content": "Hi"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 3}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
         "input[0].content[0].type"),
        ({"input": [{"type": "item_reference", "id": "msg_9"}]}, "input[0].id"),
        ({"input": [{"type": "web_search_call"}]}, "input[0].type"),
        ({"input": [CALL]}, "input"),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]}, "input"),
        ({"max_output_tokens": 3}, "max_output_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "name": ""}]}, "tools[0].name"),
        ({"tools": [{**TOOL, "parameters": {"type": "array"}}]}, "tools[0].parameters"),
        ({"tools": [TOOL], "tool_choice": {"type": "function", "name": "x"}}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"background": True}, "background"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"text": {"format": {"type": "json_schema", "name": "a", "schema": {}}}}, "text.format"),
    ],
)  # fmt: skip
def test_what_it_cannot_do_is_refused_by_this_apis_names(
    client: Any, body: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.responses.create(**{"model": "voicekit-script-1", "input": "Hi", **body})
    assert caught.value.param == param
    assert caught.value.status_code in (400, 404)
    assert "messages" not in caught.value.body["message"]
