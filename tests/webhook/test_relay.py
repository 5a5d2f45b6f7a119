"""The relay towards servers that answer well, badly, late or not at all; over real sockets."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import asynccontextmanager

import pytest
from asking import Answer, ask
from waiting import HANG, until_async

from voicekit.webhook import ANYONE, ToolCall, relay, webhook

NEVER = 3600.0  # seconds
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def event(delta, finish=None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({'id': 'theirs', 'choices': [choice]})}\n\n".encode()


HELLO = [
    event({"role": "assistant", "content": ""}),
    event({"content": "Hello, "}),
    event({"content": "Ada."}),
    event({}, "stop"),
    b"data: [DONE]\n\n",
]


def block(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


SOUND = HEAD + b"".join(map(block, HELLO)) + b"0\r\n\r\n"


def refusal(status: int, body: bytes = b"", kind: bytes = b"application/json") -> bytes:
    return b"HTTP/1.1 %d No\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (
        status,
        kind,
        len(body),
        body,
    )


class Server:
    """Answers each request with the next script: bytes to send, seconds to wait, None to drop."""

    def __init__(self, *scripts) -> None:
        self.scripts = list(scripts)
        self.requests: list[tuple[bytes, dict]] = []
        self.connections = 0
        self.url = ""

    async def __call__(self, reader, writer) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                self.requests.append((head, json.loads(await reader.readexactly(length))))
                for step in self.scripts.pop(0):
                    if step is None:
                        return
                    if isinstance(step, bytes):
                        writer.write(step)
                        await writer.drain()
                    else:
                        await asyncio.sleep(step)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def listening(server: Server):
    listener = await asyncio.start_server(server, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
    async with listener:
        yield


def through(server: Server, *, options=None, times=1, settings=None, **fields) -> list[Answer]:
    async def run():
        async with listening(server):
            app = webhook(
                relay(server.url, **(options or {})), apology="Sorry.", **(settings or {})
            )
            answers = []
            for _ in range(times):
                answers.append(await ask(app, **fields))
                answers[-1].log = app.log[-1]
            return answers

    return asyncio.run(run())


def test_bytes_pass_through_unchanged_where_nothing_needs_changing():
    server = Server([SOUND])
    (answer,) = through(server)
    assert answer.body == b"".join(HELLO)
    assert answer.log.finish == "stop"


def test_a_connection_is_used_again_for_the_next_turn():
    server = Server([SOUND], [SOUND], [SOUND])
    through(server, times=3)
    assert (len(server.requests), server.connections) == (3, 1)


def test_the_end_need_not_come_for_the_answer_to_be_complete():
    endless = HEAD + b"".join(map(block, HELLO))
    (answer,) = through(Server([endless, NEVER]))
    assert answer.events[-1] == "[DONE]"


def test_what_a_strict_server_refuses_is_not_sent_and_the_rest_is():
    server = Server([SOUND])
    tool = {"type": "function", "function": {"name": "end_call"}}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
    ]
    through(
        server,
        options={"key": "sk-test", "model": "gpt-x", "max_completion_tokens": 150},
        settings={"secret": "ours", "system": "Be brief."},
        secret="ours",
        messages=messages,
        tools=[tool],
        temperature=0.3,
        user_id="ada",
        elevenlabs_extra_body={"plan": "gold"},
    )
    ((head, body),) = server.requests
    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
    assert b"authorization: bearer sk-test" in head.lower()
    assert b"ours" not in head
    assert body == {
        "model": "gpt-x",
        "stream": True,
        "messages": [{"role": "system", "content": "Be brief."}, *messages],
        "tools": [tool],
        "temperature": 0.3,
        "user": "ada",
        "max_completion_tokens": 150,
    }


@pytest.mark.parametrize("given", ["", "/chat/completions", "/", "/chat/completions/"])
def test_the_address_may_be_the_base_or_the_whole_path(given):
    assert relay(f"http://host:1/v1{given}").url == "http://host:1/v1/chat/completions"


def test_an_address_without_a_host_is_refused_and_a_key_is_not_shown():
    with pytest.raises(ValueError, match="http://host:port/v1"):
        relay("localhost:8000")
    assert "sk-secret" not in repr(relay("http://u:sk-secret@host/v1", key="sk-secret"))


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (
            [refusal(401, b'{"error": {"code": "invalid_api_key", "message": "sk-1"}}')],
            "invalid_api_key",
        ),
        ([refusal(429, b"<html>", b"text/html")], "refused"),
        ([refusal(500, b"\xff")], "refused"),
        ([refusal(200, b"{}")], "malformed"),
        ([None], "dropped"),
        ([b"HTTP/1.1 200"], "dropped"),
        ([b"nonsense\r\n\r\n"], "malformed"),
        ([HEAD, None], "dropped"),
        ([HEAD + block(HELLO[0]) + b"0\r\n\r\n"], "dropped"),
        ([HEAD + block(b'data: {"error": {"type": "overloaded_error"}}\n\n')], "overloaded_error"),
        ([HEAD + b"zz\r\n"], "malformed"),
        ([NEVER], "timeout"),
        ([HEAD + block(HELLO[0]), NEVER], "timeout"),
    ],
)
def test_a_server_that_fails_is_apologised_for(script, code):
    ends = script if script[-1] is None or script[-1] == NEVER else [*script, 0.05, None]
    again = [ends, ends] if code == "dropped" else [ends]  # it is asked once more
    (answer,) = through(Server(*again), settings={"timeout": 0.4 if code == "timeout" else HANG})
    assert answer.text == "Sorry."
    assert answer.events[-1]["error"]["code"] == code
    assert answer.events[-1]["error"]["type"] == "upstream_error"
    assert "sk-1" not in answer.body.decode() + str(answer.log)


def test_a_drop_in_the_middle_is_apologised_for_after_what_was_said():
    half = HEAD + block(HELLO[0]) + block(HELLO[1]) + block(HELLO[2][:20])
    (answer,) = through(Server([half, None]))
    assert answer.text == "Hello, Sorry."
    assert answer.events[-1]["error"]["code"] == "dropped"


def test_a_server_that_is_not_there_is_named_in_the_log():
    async def run():
        app = webhook(relay("http://127.0.0.1:9/v1"), apology="Sorry.")
        return await ask(app), app.log[-1].note

    answer, note = asyncio.run(run())
    assert answer.events[-1]["error"]["code"] == "unreachable"
    assert "127.0.0.1:9" in note


def test_a_connection_that_was_closed_meanwhile_is_made_anew():
    server = Server([SOUND], [None], [SOUND])
    answers = through(server, times=2)
    assert [answer.text for answer in answers] == ["Hello, Ada."] * 2


def test_a_filler_is_followed_by_the_servers_words_with_one_role():
    server = Server([0.3, SOUND])
    (answer,) = through(server, settings={"filler": "Hmm... ", "filler_after": 0.05})
    assert answer.text == "Hmm... Hello, Ada."
    assert len([delta for delta in answer.deltas if "role" in delta]) == 1


def test_a_server_that_hangs_does_not_delay_another_caller():
    server = Server([NEVER], *[[SOUND]] * 20)

    async def run():
        async with listening(server):
            app = webhook(relay(server.url), timeout=NEVER)
            stuck = asyncio.create_task(ask(app))
            await until_async(lambda: server.requests)
            for _ in range(20):
                assert (await ask(app)).text == "Hello, Ada."
            assert not stuck.done()
            stuck.cancel()
            await asyncio.wait([stuck])

    asyncio.run(run())


def test_tool_calls_come_through_two_webhooks_as_they_were_made(serving):
    async def refund(_turn):
        yield ToolCall("find_order", {"number": "1042"}, id="call_ours")

    first = serving(webhook(refund, secret=ANYONE))
    got = asyncio.run(ask(webhook(relay(f"{first}/v1"))))
    (call,) = [call for delta in got.deltas for call in delta.get("tool_calls", [])]
    assert (call["id"], call["function"]["arguments"]) == ("call_ours", '{"number": "1042"}')
    whole = asyncio.run(ask(webhook(relay(f"{first}/v1")), stream=False)).json
    assert whole["choices"][0]["message"]["tool_calls"][0]["id"] == "call_ours"
    assert whole["choices"][0]["message"]["content"] is None


def test_sockets_and_threads_do_not_grow_with_the_turns():
    server = Server(*[[SOUND]] * 100)
    before = threading.active_count()

    async def run():
        async with listening(server):
            app = webhook(relay(server.url))
            for _ in range(10):
                await asyncio.gather(*(ask(app) for _ in range(10)))

    asyncio.run(run())
    assert server.connections <= 10
    assert threading.active_count() <= before + 1
