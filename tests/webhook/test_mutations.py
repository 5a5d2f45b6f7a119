"""Thousands of servers that misbehave: every stream ends properly and leaves nothing."""

from __future__ import annotations

import asyncio
import functools
import json
import random
import sys

import pytest
import virtual_time
from asking import Answer, ask

from voicekit.webhook import Turn, webhook
from voicekit.webhook.chunks import Events
from voicekit.webhook.log import Entry
from voicekit.webhook.reply import Reply

AT_ONCE = 1000
TIMEOUT = 10  # virtual seconds until a stalled answer has failed
SEED = 6
CALL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "find"}}
JUNK = [
    b"\n",
    b"\r\n",
    b"\r",
    b"data:",
    b"data: ",
    b"\x00",
    b"\xff",
    b"{",
    b"}",
    b'"',
    b": ping\n\n",
]
JUNK += [
    b"event: x\n",
    b"data: [DONE]\n\n",
    b'data: {"error": {"code": "overloaded"}}\n\n',
    b"null",
]
VALUES = [None, True, 0, -1, 1e999, "", "text", [], {}, [None], {"content": 1}, [[]]]


def chunk(delta, finish=None, **fields):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "choices": [choice], **fields}


SOUND = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Your order "}),
    chunk({"content": "is on its way. 🎉 "}),
    chunk({"tool_calls": [CALL]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a": 1}'}}]}),
    chunk({}, "tool_calls"),
    {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}},
]


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    inside = value if isinstance(value, dict) else {}
    for key, inner in inside.items() or enumerate(value if isinstance(value, list) else []):
        yield from places(inner, (*path, key))


def retyped(chance: random.Random, event: dict) -> object:
    """The event with another value somewhere in it."""
    event = json.loads(json.dumps(event))
    path = chance.choice(list(places(event)))
    value = chance.choice(VALUES)
    if not path:
        return value
    inside = event
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return event


def stream(chance: random.Random) -> bytes:
    """A chat completion's stream with a few things wrong."""
    events = [
        retyped(chance, event) if chance.random() < 0.05 else event
        for event in SOUND
        if chance.random() > 0.03
    ]
    if chance.random() < 0.1:
        chance.shuffle(events)
    data = bytearray(b"".join(b"data: " + json.dumps(e).encode() + b"\n\n" for e in events))
    if chance.random() > 0.1:
        data += b"data: [DONE]\n\n"
    for _ in range(chance.choice([0, 0, 1, 1, 2, 5])):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.randrange(1, 40))
        change = chance.randrange(5)
        if change == 0:
            data[at:at] = chance.choice(JUNK)
        elif change == 1:
            del data[at:end]
        elif change == 2:
            data[at:at] = data[at:end]
        elif change == 3 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif change == 4:
            data = data[:at]
    if chance.random() < 0.1:
        data = data.replace(b"\n", chance.choice([b"\r\n", b"\r"]))
    return bytes(data)


STREAMS: list[bytes] = []


async def misbehaving(turn):
    """One of the servers, by the number that the caller says."""
    chance = random.Random(int(turn.said))
    data, at = STREAMS[int(turn.said)], 0
    if chance.random() < 0.02:
        raise OSError("it broke")
    while at < len(data):
        size = chance.choice([1, 3, 50, 400, 5000])
        yield data[at : at + size]
        at += size
        if chance.random() < 0.002:
            await asyncio.Event().wait()  # it stalls for ever
        if chance.random() < 0.01:
            await asyncio.sleep(0)
    if chance.random() < 0.01:
        raise RuntimeError("it broke at the end")


async def all_of_them(streams: int) -> list[Answer]:
    apps = [
        webhook(misbehaving, timeout=TIMEOUT),
        webhook(misbehaving, timeout=TIMEOUT, max_sentences=1, filler="Hm... "),
    ]
    done: list[bool] = []

    def replying(n: int) -> Reply:
        # Without the routes around it, which see nothing of a stream and take half of the time.
        said = [{"role": "user", "content": str(n)}]
        note = functools.partial(done.append, True)
        return Reply(apps[n % 2]._manner, Turn({"messages": said}), Events, Entry("/"), note)

    chance = random.Random(SEED)
    STREAMS[:] = [stream(chance) for _ in range(streams)]
    answers: list[Answer] = []
    for begin in range(0, streams, AT_ONCE):
        asked = (ask(replying(n)) for n in range(begin, begin + AT_ONCE))
        answers += await asyncio.gather(*asked)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert len(done) == streams
    return answers


@pytest.mark.parametrize("streams", [1000, pytest.param(10_000, marks=pytest.mark.extended)])
def test_every_stream_ends_in_done_or_an_error_event_and_nothing_is_left(streams, caplog):
    caplog.set_level("CRITICAL", "voicekit.webhook")
    unraisable, hook = [], sys.unraisablehook
    sys.unraisablehook = unraisable.append
    try:
        answers = virtual_time.run(all_of_them(streams))
    finally:
        sys.unraisablehook = hook
    assert unraisable == []
    failed = 0
    for answer in answers:
        assert answer.status == 200
        assert answer.complete
        *before, last = answer.events
        assert last == "[DONE]" or set(last) == {"error"}
        assert "[DONE]" not in before
        assert not any("error" in event for event in before)
        failed += last != "[DONE]"
    # The mutations do break streams, and do not break all of them.
    assert 0.2 * streams < failed < 0.8 * streams
