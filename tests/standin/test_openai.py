"""The official SDK, unmodified, judges the stand-in's OpenAI half."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from waiting import HANG, until

from voicekit.standin import Standin
from voicekit.standin.http.faults import Fault

QUESTION = [{"role": "user", "content": "What are your opening hours?"}]
HOURS = "Our stores are open Monday to Friday from 9:00 to 19:00, and Saturday from 10:00 to 16:00."
ORDER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_order_status",
        "description": "Look up an order.",
        "parameters": {
            "type": "object",
            "properties": {"order_id": {"type": "string", "description": "The order number"}},
            "required": ["order_id"],
        },
    },
}
ORDERS = [{"role": "user", "content": "Where are orders 1042 and A-77001?"}]


@pytest.fixture
def client(standin: Standin) -> Any:
    with OpenAI(
        base_url=standin.openai_url, api_key=standin.openai_key, max_retries=0, timeout=HANG
    ) as client:
        yield client


def ask(client: Any, messages: Any = QUESTION, **options: Any) -> Any:
    options.setdefault("model", "voicekit-script-1")
    return client.chat.completions.create(messages=messages, **options)


def with_async_client(standin: Standin, use: Any) -> Any:
    async def run() -> Any:
        url, key = standin.openai_url, standin.openai_key
        async with AsyncOpenAI(base_url=url, api_key=key, max_retries=0, timeout=HANG) as client:
            return await use(client)

    return asyncio.run(run())


def standin_tasks(standin: Standin) -> int:
    url = standin.openai_url.replace("/openai/v1", "/_standin/")
    token = {"authorization": f"Bearer {standin.control_token}"}
    return int(httpx2.get(url, headers=token).json()["tasks"])


# --- models ---


def test_models_are_listed_and_retrieved(client: Any) -> None:
    listed = [model.id for model in client.models.list()]
    assert {"gpt-6-luna", "gpt-6.1-sol", "gpt-5.6-luna", "voicekit-script-1"} <= set(listed)
    model = client.models.retrieve("gpt-6-luna")
    assert (model.id, model.object, model.owned_by) == ("gpt-6-luna", "model", "system")


def test_an_unknown_model_is_not_found_and_the_known_ones_are_named(client: Any) -> None:
    with pytest.raises(openai.NotFoundError, match="voicekit-script-1") as caught:
        client.models.retrieve("gpt-6-lunar")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        ask(client, model="davinci")


# --- whole answers ---


def test_a_completion_says_what_made_it(client: Any) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="voicekit-script-1", messages=QUESTION
    )
    completion = raw.parse()
    assert raw.headers["x-voicekit-responder"] == "retrieval"
    assert raw.headers["x-request-id"]
    assert completion.system_fingerprint == "voicekit-scripted"
    assert completion.model == "voicekit-script-1"
    assert completion.choices[0].message.content == HOURS
    assert completion.choices[0].finish_reason == "stop"
    usage = completion.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert 20 <= usage.completion_tokens <= 40


def test_the_same_request_after_a_reset_gives_the_same_answer_and_id(
    standin: Standin, client: Any
) -> None:
    first = ask(client)
    standin.state.reset()
    again = ask(client)
    assert first.model_dump(exclude={"created"}) == again.model_dump(exclude={"created"})


def test_the_async_client_gets_the_same_answer(standin: Standin) -> None:
    completion = with_async_client(standin, lambda client: ask(client))
    assert completion.choices[0].message.content == HOURS


def test_content_may_come_in_text_parts(client: Any) -> None:
    parts = [{"type": "text", "text": "What are your "}, {"type": "text", "text": "opening hours?"}]
    assert ask(client, [{"role": "user", "content": parts}]).choices[0].message.content == HOURS


def test_extras_of_agent_frameworks_are_passed_over(client: Any) -> None:
    completion = ask(
        client,
        seed=1,
        user="u",
        store=True,
        metadata={"a": "b"},
        extra_body={"elevenlabs_extra_body": {"x": 1}, "user_id": "u"},
    )
    assert completion.choices[0].message.content == HOURS


def test_the_token_limit_ends_an_answer_for_its_length(client: Any) -> None:
    for limit in ({"max_tokens": 3}, {"max_completion_tokens": 3}):
        completion = ask(client, **limit)
        assert completion.choices[0].message.content == "Our stores are"
        assert completion.choices[0].finish_reason == "length"
        assert completion.usage.completion_tokens == 3


def test_an_answer_ends_before_a_stop_sequence(client: Any) -> None:
    for stop in (" from", [",", " from"]):
        completion = ask(client, stop=stop)
        assert completion.choices[0].message.content == "Our stores are open Monday to Friday"
        assert completion.choices[0].finish_reason == "stop"


# --- streams ---


def test_a_stream_starts_with_the_role_and_adds_up_to_the_answer(client: Any) -> None:
    chunks = list(ask(client, stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[0].choices[0].delta.content == ""
    deltas = [chunk.choices[0].delta.content for chunk in chunks[1:-1]]
    assert "".join(deltas) == HOURS
    assert deltas[:4] == ["Our", " stores", " are", " open"]
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + [
        "stop"
    ]
    assert {(chunk.id, chunk.object, chunk.system_fingerprint) for chunk in chunks} == {
        (chunks[0].id, "chat.completion.chunk", "voicekit-scripted")
    }


def test_a_stream_counts_tokens_when_asked_to(client: Any) -> None:
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == []
    assert chunks[-1].usage == ask(client).usage
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_the_async_client_streams(standin: Standin) -> None:
    async def collect(client: AsyncOpenAI) -> str:
        stream = await ask(client, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert with_async_client(standin, collect) == HOURS


def test_the_sdks_own_stream_helper_assembles_the_completion(client: Any) -> None:
    with client.chat.completions.stream(model="voicekit-script-1", messages=QUESTION) as stream:
        completion = stream.get_final_completion()
    assert completion.choices[0].message.content == HOURS


def test_amounts_dates_and_addresses_survive_a_stream(client: Any) -> None:
    messages = [{"role": "user", "content": "Explain the refund policy in detail."}]
    chunks = list(ask(client, messages, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    for part in ("$1,234.50", "9:30", "21 November 2026", "refunds@acme.example"):
        assert part in text


def test_the_frames_are_server_sent_events_that_end_in_done(standin: Standin) -> None:
    response = httpx2.post(
        f"{standin.openai_url}/chat/completions",
        json={"model": "voicekit-script-1", "messages": QUESTION, "stream": True},
        headers={"authorization": "Bearer any"},
    )
    assert response.headers["content-type"].startswith("text/event-stream")
    frames = response.text.split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    assert all(frame.startswith("data: {") for frame in frames[:-2])


def test_a_client_that_hangs_up_leaves_no_task_behind(standin: Standin, client: Any) -> None:
    profile = standin.state.profile
    standin.state.profile = dataclasses.replace(profile, tokens_per_second=1)  # takes two minutes
    httpx2.get(standin.openai_url)  # so that what a first request starts is started
    idle = standin_tasks(standin)
    messages = [{"role": "user", "content": "Explain the refund policy in detail."}]
    stream = ask(client, messages, stream=True)
    next(iter(stream))
    stream.close()
    client.close()
    until(lambda: standin_tasks(standin) <= idle, "the end of its task")


def test_the_first_token_keeps_the_profiles_time(standin: Standin, client: Any) -> None:
    standin.profile = "advertised"
    start = time.perf_counter()
    stream = ask(client, stream=True)
    next(iter(stream))
    first = time.perf_counter() - start
    tokens = sum(1 for chunk in stream if chunk.choices[0].delta.content)
    total = time.perf_counter() - start
    assert first >= 0.15
    assert total >= 0.15 + (tokens - 1) / 50


# --- tools ---


def call_result(completion: Any, result: str) -> list[Any]:
    message = completion.choices[0].message
    return [
        message.model_dump(exclude_none=True),
        *(
            {"role": "tool", "tool_call_id": call.id, "content": result}
            for call in message.tool_calls
        ),
    ]


def test_tools_make_a_round_trip(client: Any) -> None:
    first = ask(client, ORDERS, tools=[ORDER_TOOL])
    calls = first.choices[0].message.tool_calls
    assert first.choices[0].finish_reason == "tool_calls"
    assert first.choices[0].message.content is None
    assert [json.loads(call.function.arguments) for call in calls] == [
        {"order_id": "1042"},
        {"order_id": "A-77001"},
    ]
    assert len({call.id for call in calls}) == 2
    messages = [*ORDERS, *call_result(first, '{"status": "shipped", "arrives": "2026-11-24"}')]
    second = ask(client, messages, tools=[ORDER_TOOL])
    assert second.choices[0].finish_reason == "stop"
    assert "the status is shipped, and the arrives is 24 November 2026" in (
        second.choices[0].message.content
    )


def test_streamed_tool_calls_accumulate_by_index(client: Any) -> None:
    calls: dict[int, dict[str, str]] = {}
    reasons = []
    for chunk in ask(client, ORDERS, tools=[ORDER_TOOL], stream=True):
        reasons.append(chunk.choices[0].finish_reason)
        for part in chunk.choices[0].delta.tool_calls or []:
            if part.id:
                assert part.function.arguments == ""
                calls[part.index] = {"id": part.id, "name": part.function.name, "arguments": ""}
            else:
                calls[part.index]["arguments"] += part.function.arguments
    assert reasons[-1] == "tool_calls"
    assert list(calls) == [0, 1]
    assert [call["name"] for call in calls.values()] == ["get_order_status"] * 2
    assert json.loads(calls[1]["arguments"]) == {"order_id": "A-77001"}


def test_the_sdks_stream_helper_assembles_tool_calls(client: Any) -> None:
    with client.chat.completions.stream(
        model="voicekit-script-1", messages=ORDERS, tools=[ORDER_TOOL]
    ) as stream:
        message = stream.get_final_completion().choices[0].message
    assert [json.loads(call.function.arguments)["order_id"] for call in message.tool_calls] == [
        "1042",
        "A-77001",
    ]


def test_a_tool_call_cut_by_the_limit_says_so(client: Any) -> None:
    choice = ask(client, ORDERS, tools=[ORDER_TOOL], max_tokens=3).choices[0]
    assert choice.finish_reason == "length"
    assert choice.message.tool_calls[0].function.arguments == '{"'


# --- refusals ---

WRONG = [
    (
        {"max_tokens": 5, "max_completion_tokens": 5},
        "max_tokens",
        "invalid_parameter_combination",
    ),
    ({"parallel_tool_calls": False}, "parallel_tool_calls", None),
    ({"messages": []}, "messages", "empty_array"),
    ({"messages": "hi"}, "messages", "invalid_type"),
    ({"messages": [3]}, "messages[0]", "invalid_type"),
    ({"messages": [{"content": "hi"}]}, "messages[0].role", "missing_required_parameter"),
    ({"messages": [{"role": "bot", "content": "hi"}]}, "messages[0].role", "invalid_value"),
    ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content", "invalid_type"),
    ({"messages": [{"role": "user", "content": None}]}, "messages[0].content", "invalid_type"),
    (
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        "messages[0].content[0].type",
        "invalid_value",
    ),
    (
        {"messages": [{"role": "tool", "content": "x", "tool_call_id": "a"}]},
        "messages.[0].role",
        None,
    ),
    (
        {
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [
                        {"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}
                    ],
                },
                {"role": "user", "content": "hi"},
            ]
        },
        "messages.[1].role",
        None,
    ),
    ({"temperature": 3}, "temperature", "decimal_above_max_value"),
    ({"temperature": -0.5}, "temperature", "decimal_below_min_value"),
    ({"temperature": "hot"}, "temperature", "invalid_type"),
    ({"max_tokens": 0}, "max_tokens", "integer_below_min_value"),
    ({"max_completion_tokens": 1.5}, "max_completion_tokens", "invalid_type"),
    ({"n": 2}, "n", "unsupported_value"),
    ({"n": 0}, "n", "integer_below_min_value"),
    ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "array_above_max_length"),
    ({"stream_options": {"include_usage": True}}, "stream_options", None),
    ({"stream": "yes"}, "stream", "invalid_type"),
    ({"response_format": {"type": "json_object"}}, "response_format", "unsupported_value"),
    ({"logprobs": True}, "logprobs", "unsupported_value"),
    ({"tools": []}, "tools", "empty_array"),
    ({"tools": [{"type": "function"}]}, "tools[0].function", "missing_required_parameter"),
    (
        {"tools": [{"type": "function", "function": {"name": "a b"}}]},
        "tools[0].function.name",
        "invalid_value",
    ),
    (
        {
            "tools": [
                {"type": "function", "function": {"name": "f", "parameters": {"type": "array"}}}
            ]
        },
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    ({"tool_choice": "auto"}, "tool_choice", None),
    ({"tools": [ORDER_TOOL], "tool_choice": "always"}, "tool_choice", "invalid_value"),
    (
        {
            "tools": [ORDER_TOOL],
            "tool_choice": {"type": "function", "function": {"name": "unknown"}},
        },
        "tool_choice",
        "invalid_value",
    ),
    ({"model": "gpt-6-luna", "max_tokens": 5}, "max_tokens", "unsupported_parameter"),
    ({"model": "gpt-6-luna", "temperature": 0.2}, "temperature", "unsupported_value"),
    ({"reasoning_effort": "a lot"}, "reasoning_effort", "invalid_value"),
    (
        {"model": "gpt-6-luna", "reasoning_effort": "minimal"},
        "reasoning_effort",
        "unsupported_value",
    ),
    ({"model": "gpt-6-luna", "tools": [ORDER_TOOL]}, "reasoning_effort", None),
]


@pytest.mark.parametrize(
    ("wrong", "param", "code"), WRONG, ids=[f"{p}-{c}-{i}" for i, (_, p, c) in enumerate(WRONG)]
)
def test_a_wrong_parameter_is_named(
    client: Any, wrong: dict[str, Any], param: str, code: str | None
) -> None:
    body = {"model": "voicekit-script-1", "messages": QUESTION, **wrong}
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body=body, cast_to=object)
    assert caught.value.status_code == 400
    assert (caught.value.param, caught.value.code) == (param, code)
    assert caught.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"hi"', b'{"temperature": NaN}', b"[" * 5_000, b"\xff", b"null"]
)
def test_a_body_that_is_no_json_object_is_refused(standin: Standin, body: bytes) -> None:
    response = httpx2.post(
        f"{standin.openai_url}/chat/completions",
        content=body,
        headers={"authorization": "Bearer any", "content-type": "application/json"},
    )
    assert response.status_code == 400
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


def test_missing_parameters_are_named(client: Any) -> None:
    for body, param in (
        ({"messages": QUESTION}, "model"),
        ({"model": "voicekit-script-1"}, "messages"),
    ):
        with pytest.raises(openai.BadRequestError, match="Missing required parameter") as caught:
            client.post("/chat/completions", body=body, cast_to=object)
        assert caught.value.param == param


def test_messages_longer_than_the_models_context_are_refused(client: Any) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, [{"role": "user", "content": "word " * 130_000}], model="voicekit-script-1")
    assert caught.value.code == "context_length_exceeded"


def test_a_body_over_a_megabyte_is_refused(client: Any) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        ask(client, [{"role": "user", "content": "x" * 1_100_000}])
    assert caught.value.status_code == 413


def test_a_key_is_asked_for(standin: Standin) -> None:
    url = f"{standin.openai_url}/models"
    for headers in ({}, {"authorization": "Basic abc"}, {"authorization": "Bearer"}):
        response = httpx2.get(url, headers=headers)
        assert response.status_code == 401
        assert response.json()["error"]["type"] == "invalid_request_error"


def test_strict_keys_accept_only_the_printed_key(standin: Standin, client: Any) -> None:
    standin.state.strict_keys = True
    assert ask(client).choices
    with pytest.raises(openai.AuthenticationError) as caught:
        ask(client.with_options(api_key="sk-wrong"))
    assert caught.value.code == "invalid_api_key"
    assert "sk-wrong" not in str(caught.value)


def test_an_unknown_path_names_the_known_ones(client: Any) -> None:
    with pytest.raises(openai.NotFoundError, match="/v1/chat/completions"):
        client.embeddings.create(model="text-embedding-3-small", input="hi")


# --- bad days ---


@pytest.mark.parametrize(
    ("name", "error", "code"),
    [
        ("rate_limit_exceeded", openai.RateLimitError, "rate_limit_exceeded"),
        ("insufficient_quota", openai.RateLimitError, "insufficient_quota"),
        ("internal_server_error", openai.InternalServerError, None),
        ("service_unavailable", openai.InternalServerError, None),
        ("permission_denied", openai.PermissionDeniedError, "insufficient_permissions"),
    ],
)
def test_a_fault_becomes_the_sdks_own_exception(
    standin: Standin, client: Any, name: str, error: type[openai.APIStatusError], code: str | None
) -> None:
    standin.state.faults.add(Fault("refuse", "/openai/v1/chat/*", name=name))
    with pytest.raises(error) as caught:
        ask(client)
    assert caught.value.code == code
    assert ask(client).choices[0].message.content == HOURS


def test_the_sdk_retries_what_a_retry_can_mend(standin: Standin, client: Any) -> None:
    standin.state.faults.add(Fault("refuse", name="service_unavailable"))
    assert ask(client.with_options(max_retries=1)).choices[0].message.content == HOURS


def test_a_slow_first_byte_runs_into_the_clients_timeout(standin: Standin, client: Any) -> None:
    standin.state.faults.add(Fault("slow", seconds=600))
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=0.2))
    standin.state.faults.clear()


def test_a_stall_in_a_stream_runs_into_the_clients_timeout(standin: Standin, client: Any) -> None:
    standin.state.faults.add(Fault("stall", after=3, seconds=600))
    stream = ask(client.with_options(timeout=0.2), stream=True)
    with pytest.raises((openai.APITimeoutError, httpx2.TimeoutException)):
        list(stream)
    standin.state.faults.clear()


def test_a_drop_in_a_stream_is_an_error_and_the_next_request_works(
    standin: Standin, client: Any
) -> None:
    standin.state.faults.add(Fault("drop", after=3))
    with pytest.raises((openai.APIConnectionError, httpx2.TransportError)):
        list(ask(client, stream=True))
    assert ask(client).choices[0].message.content == HOURS


def test_many_streams_at_once_do_not_mix(standin: Standin) -> None:
    questions = ["Count to five.", "What are your opening hours?", "Where is my order 1042?"] * 5

    async def stream_one(client: AsyncOpenAI, question: str) -> str:
        stream = await ask(client, [{"role": "user", "content": question}], stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def together(client: AsyncOpenAI) -> list[str]:
        return await asyncio.gather(*(stream_one(client, question) for question in questions))

    answers = with_async_client(standin, together)
    assert answers == answers[:3] * 5
    assert answers[1] == HOURS
