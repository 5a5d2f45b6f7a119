"""OpenAI's own Python client as the platform: streams, tools, errors, hang-ups."""

from __future__ import annotations

import asyncio
import json

import openai
import pytest
from asking import support
from openai import AsyncOpenAI, OpenAI
from waiting import until

from voicekit.webhook import ANYONE, relay, webhook

SECRET = "a-secret"
TOOL = {
    "type": "function",
    "function": {
        "name": "find_order",
        "description": "Look an order up",
        "parameters": {"type": "object", "properties": {"number": {"type": "string"}}},
    },
}
QUESTION = [{"role": "user", "content": "Where is order 1042?"}]


@pytest.fixture(params=["own answer", "relayed"])
def url(request, serving):
    own = serving(webhook(support, secret=SECRET))
    if request.param == "own answer":
        return own
    return serving(webhook(relay(f"{own}/v1", key=SECRET), secret=SECRET, system="Be kind."))


@pytest.fixture
def client(url):
    with OpenAI(base_url=f"{url}/v1", api_key=SECRET, max_retries=0) as client:
        yield client


def test_text_whole_and_streamed(client):
    whole = client.chat.completions.create(model="m", messages=QUESTION)
    assert whole.choices[0].message.content == "I cannot look that up."
    stream = client.chat.completions.create(
        model="m", messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage.completion_tokens > 0
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"


def test_a_tool_turn_by_the_sdks_own_accumulator(client):
    with client.chat.completions.stream(model="m", messages=QUESTION, tools=[TOOL]) as stream:
        for _ in stream:
            pass
        message = stream.get_final_completion().choices[0].message
    assert message.content == "Let me look. "
    assert message.role == "assistant"
    (call,) = message.tool_calls
    assert json.loads(call.function.arguments) == {"number": "1042"}
    said = message.model_dump(exclude_none=True, exclude={"parsed"})
    said["content"] = None  # as the platform sends it back
    said["tool_calls"][0]["function"].pop("parsed_arguments", None)
    result = {"role": "tool", "tool_call_id": call.id, "content": "on its way"}
    stream = client.chat.completions.create(
        model="m", messages=[*QUESTION, said, result], tools=[TOOL], stream=True
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert text == "It is on its way. Anything else?"


def test_the_asynchronous_client_and_many_at_once(url):
    async def run():
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key=SECRET, max_retries=0) as client:

            async def once() -> str:
                stream = await client.chat.completions.create(
                    model="m", messages=QUESTION, stream=True, extra_body={"user_id": "ada"}
                )
                return "".join([c.choices[0].delta.content or "" async for c in stream])

            return await asyncio.gather(*(once() for _ in range(20)))

    assert set(asyncio.run(run())) == {"I cannot look that up."}


def test_a_wrong_secret_is_an_authentication_error(url):
    with (
        OpenAI(base_url=f"{url}/v1", api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError, match="this webhook's secret"),
    ):
        client.chat.completions.create(model="m", messages=QUESTION)


def test_a_failure_within_a_stream_is_an_api_error(serving):
    async def failing(_turn):
        yield "Let me see. "
        raise RuntimeError("database is gone")

    app = webhook(failing, secret=ANYONE)
    heard: list[str] = []
    with OpenAI(base_url=f"{serving(app)}/v1", api_key="x", max_retries=0) as client:
        stream = client.chat.completions.create(model="m", messages=QUESTION, stream=True)
        with pytest.raises(openai.APIError, match="RuntimeError"):
            heard.extend(chunk.choices[0].delta.content or "" for chunk in stream)
    assert (
        "".join(heard)
        == "Let me see. Sorry, something went wrong on my side. Could you say that again?"
    )


def test_an_sdks_stream_as_the_answer_is_closed_when_the_caller_leaves(serving):
    """The learner's own AsyncOpenAI call, handed back as it is."""
    closed = []

    async def endless(_turn):
        try:
            while True:
                yield "word "
                await asyncio.sleep(0.01)
        finally:
            closed.append(True)

    upstream = f"{serving(webhook(endless, secret=ANYONE))}/v1"

    async def answer(turn):
        model = AsyncOpenAI(base_url=upstream, api_key="x", max_retries=0)
        return await model.chat.completions.create(model="m", messages=turn.messages, stream=True)

    with OpenAI(base_url=f"{serving(webhook(answer, secret=ANYONE))}/v1", api_key="x") as client:
        stream = client.chat.completions.create(model="m", messages=QUESTION, stream=True)
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        stream.close()
        until(lambda: closed, "the upstream's end")
