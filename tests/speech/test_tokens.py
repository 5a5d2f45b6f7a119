import asyncio
from types import SimpleNamespace

import pytest

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
            asyncio.run_coroutine_threadsafe(opened.wait(), loop).result(5)
            yield "through"

        loop.call_soon(opened.set)
        return [token async for token in tokens(blocking())]

    assert asyncio.run(run()) == ["through"]
