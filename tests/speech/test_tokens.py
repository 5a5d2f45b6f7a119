import asyncio
from types import SimpleNamespace

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response
from waiting import HANG

from voicekit.errors import UpstreamError
from voicekit.speech.tokens import tokens


def chunk(content):
    return SimpleNamespace(choices=[SimpleNamespace(delta=SimpleNamespace(content=content))])


def collect(text):
    async def run():
        return [token async for token in tokens(text)]

    return asyncio.run(run())


async def slowly(*items):
    for item in items:
        await asyncio.sleep(0)
        yield item


def test_a_string_is_one_token():
    assert collect("Of course.") == ["Of course."]


def test_an_empty_text_has_no_token():
    assert collect("") == []


def test_synchronous_and_asynchronous_iterators_read_alike():
    assert collect(iter(["Of", " course", "."])) == ["Of", " course", "."]
    assert collect(slowly("Of", " course", ".")) == ["Of", " course", "."]


def test_chat_completion_chunks_give_their_content():
    usage = SimpleNamespace(choices=[])
    stream = [chunk(""), chunk("Hi"), chunk(None), chunk("!"), usage]
    assert collect(stream) == ["Hi", "!"]


def test_a_request_that_is_not_awaited_yet_is_awaited():
    async def request():
        return slowly("Hi", "!")

    assert collect(request()) == ["Hi", "!"]


def test_anything_else_is_refused_with_what_to_do():
    with pytest.raises(TypeError, match="Yield the text of each chunk yourself"):
        collect([42])


SILENT = {
    "a filter's verdict": {"choices": [{"index": 0, "content_filter_results": {}}]},
    "no choice": {"choices": []},
    "counts": {"choices": [], "usage": {"total_tokens": 3}},
    "a delta of null": {"choices": [{"index": 0, "delta": None}]},
    "an empty delta": {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    "a role": {"choices": [{"index": 0, "delta": {"role": "assistant"}}]},
    "a tool call": {"choices": [{"index": 0, "delta": {"content": None, "tool_calls": [{}]}}]},
    "a choice of null": {"choices": [None]},
    "parts without text": {"choices": [{"delta": {"content": [{"type": "image_url"}, None]}}]},
}


@pytest.mark.parametrize("silent", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("as_object", [False, True], ids=["dict", "SDK"])
def test_a_chunk_without_words_is_passed_over_anywhere(silent, as_object):
    middle = ChatCompletionChunk.construct(**silent) if as_object else silent
    assert collect([middle, chunk("Hi"), middle, chunk("!"), middle]) == ["Hi", "!"]


def test_a_content_of_parts_gives_its_text():
    parts = [{"type": "text", "text": "Hi"}, " there", {"type": "thinking", "text": "Hm."}]
    assert collect([chunk(parts)]) == ["Hi there"]


def test_events_of_the_responses_api_give_their_text():
    events = [
        {"type": "response.created"},
        {"type": "response.output_text.delta", "delta": "Hi"},
        {"type": "response.function_call_arguments.delta", "delta": "{}"},
        {"type": "response.completed"},
    ]
    assert collect(events) == ["Hi"]
    with pytest.raises(UpstreamError):
        collect([*events[:2], {"type": "response.failed"}])


WHOLE = ChatCompletion.construct(choices=[], object="chat.completion")


@pytest.mark.parametrize("whole", [WHOLE, WHOLE.to_dict(), Response.construct(output=[]), 42, None])
def test_a_whole_answer_is_told_to_be_asked_for_as_a_stream(whole):
    async def create():
        return whole

    for source in (whole, create()):
        with pytest.raises(TypeError, match="stream=True"):
            collect(source)


def test_a_function_is_told_to_be_called():
    with pytest.raises(TypeError, match="slowly is a function"):
        collect(slowly)


def test_closing_closes_a_generator_and_an_sdk_stream():
    closed = []

    async def generator():
        try:
            yield "a"
            yield "b"
        finally:
            closed.append("generator")

    class Stream:
        def __aiter__(self):
            return slowly("a", "b")

        async def close(self):
            closed.append("stream")

    async def run(source):
        reading = tokens(source)
        assert await anext(reading) == "a"
        await reading.aclose()

    asyncio.run(run(generator()))
    asyncio.run(run(Stream()))
    assert closed == ["generator", "stream"]


def test_a_blocking_iterator_does_not_block_the_loop():
    gate = asyncio.Event

    async def run():
        opened = gate()
        loop = asyncio.get_running_loop()

        def blocking():
            # Waits for something that only the loop can do.
            asyncio.run_coroutine_threadsafe(opened.wait(), loop).result(HANG)
            yield "through"

        loop.call_soon(opened.set)
        return [token async for token in tokens(blocking())]

    assert asyncio.run(run()) == ["through"]
