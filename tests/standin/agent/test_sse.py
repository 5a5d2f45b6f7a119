"""What the stand-in's agent reads of a custom model's stream, as leniently as the platform."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from voicekit.standin.answer.sse import Chunks, NotAStream, events


def read(blocks: list[bytes]) -> list[str]:
    async def stream() -> AsyncIterator[bytes]:
        for block in blocks:
            yield block

    async def every() -> list[str]:
        return [data async for data in events(stream())]

    return asyncio.run(every())


def chunk(delta: Any, **fields: Any) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": delta, **fields}]})


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("first", ["", "\ufeff", ": hello\n\n"])
def test_events_are_read_however_lines_end_and_blocks_are_cut(end: str, first: str) -> None:
    said = ['{"a": "Zoë"}', '{"b": "line\u2028paragraph\u2029page\x0c\x85"}', '{"c":\n1}']
    lines = "".join("data: " + s.replace("\n", "\ndata: ") + "\n\n" for s in said)
    data = (first + lines + "data: [DONE]\n\ndata: late\n\n").replace("\n", end).encode()
    chance = random.Random(1)
    cuts = [[data], [data[i : i + 1] for i in range(len(data))]]
    for _ in range(10):
        places = sorted(chance.sample(range(len(data)), 5))
        cuts.append([data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)])
    for blocks in cuts:
        assert read(blocks) == said


def test_a_line_that_is_none_of_an_events_is_named() -> None:
    with pytest.raises(NotAStream, match="a line"):
        read([b"<html>\n\n"])


@pytest.mark.parametrize(
    "data",
    [
        '{"choices": [{"index": 0, "content_filter_results": {}}]}',
        '{"choices": [{"index": 0, "delta": null}]}',
        '{"choices": [{}]}', '{"choices": []}', '{"choices": null}',
        '{"choices": [], "prompt_filter_results": []}',
    ],
)  # fmt: skip
def test_a_chunk_that_says_nothing_is_passed_over(data: str) -> None:
    assert Chunks().text(data) == ""


@pytest.mark.parametrize(
    "data",
    [
        "{", "[]", "{}", '{"choices": 1}', '{"choices": [1]}', '{"choices": [{"delta": 1}]}',
        "[" * 100_000, '{"choices": [{"delta": {"tool_calls": [null]}}]}',
        '{"choices": [{"delta": {"tool_calls": {"index": 0}}}]}', '{"error": "full"}',
        '{"choices": [{"message": {"content": "Hi"}}]}',
    ],
)  # fmt: skip
def test_what_is_no_chunk_is_named(data: str) -> None:
    with pytest.raises(NotAStream):
        Chunks().text(data)


def fragment(name: str = "", arguments: Any = "", **fields: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments}, **fields}


TWO_PARTS = [fragment("f", "{", index=0, id="a"), fragment("", "}", index=0)]


@pytest.mark.parametrize(
    "fragments",
    [
        [*TWO_PARTS, fragment("g", "{}", index=1)],
        [fragment("f", "{}", index=None, id="a"), fragment("g", "{}", index=None, id="b")],
        [fragment("f", "{}", index="0", id="a"), fragment("g", "{}", index="1", id="b")],
        [fragment("f", "{}", index=0, id="a"), fragment("g", "{}", index=0, id="b")],
        [fragment("f", "{}"), fragment("g", "{}")],
        [fragment("f", {}, index="x"), fragment("g", "{}", index=[])],
        [fragment("f", "{", id="a"), fragment("f", "}", id="a"), fragment("g", "{}", index=1)],
    ],
)  # fmt: skip
def test_calls_are_told_apart_however_they_are_numbered(fragments: list[Any]) -> None:
    chunks = Chunks()
    for one in fragments:
        chunks.text(chunk({"tool_calls": [one]}))
    calls = list(chunks.finished())
    assert [call.name for call in calls] == ["f", "g"]
    assert calls[1].arguments == "{}"
    assert len({call.id for call in calls}) == 2


def test_a_character_cut_in_two_is_joined_and_half_of_one_replaced() -> None:
    chunks = Chunks()
    assert [chunks.text(chunk({"content": part})) for part in ("a\ud83d", "\ude00", "\ude00")] == [
        "a", "\U0001f600", "\ufffd",
    ]  # fmt: skip
