"""Who may ask, how much, and how many at once."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
from asking import HELLO, ask
from waiting import HANG, until

from voicekit.webhook import ANYONE, webhook
from voicekit.world.keys import Secret

SECRET = "correct-horse-battery"


async def hello(_turn):
    yield "Hello."


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "Bearer ",
        f"Bearer {SECRET[:-1]}",
        f"Bearer {SECRET}x",
        f"Bearer {SECRET.upper()}",
        f"Basic {SECRET}",
        SECRET,
        "Bearer \u00e9",
    ],
)
def test_a_wrong_secret_is_refused_before_the_body_is_read(asked, shown):
    read = []
    app = webhook(hello, secret=SECRET)
    headers = {} if shown is None else {"authorization": shown}
    answer = asked(app, headers=headers, unread=lambda: read.append(True))
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json["error"]["code"] == "invalid_secret"
    assert read == []
    assert SECRET not in answer.body.decode() + str(app.log) + repr(app)
    assert app.log[-1].status == 401


def test_over_a_socket_a_refusal_comes_before_the_body_was_sent(serving):
    port = int(serving(webhook(hello, secret=SECRET)).rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=HANG) as client:
        client.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\n"
            b"host: localhost:%d\r\ncontent-length: 100000\r\n\r\n" % port
        )
        assert client.recv(1000).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_each_of_several_secrets_is_accepted(asked, scheme):
    app = webhook(hello, secret=["old", Secret("new-ü")])
    for shown in ("old", "new-ü"):
        header = f"{scheme} {shown}".encode().decode("latin-1")
        answer = asked(app, headers={"authorization": header})
        # The driver encodes headers as UTF-8 once more: only ASCII survives that.
        assert answer.status == (200 if shown.isascii() else 401)


@pytest.mark.parametrize("given", [{"secret": ""}, {"secret": ["a", ""]}, {"max_sentences": 0}])
def test_a_mistaken_setting_is_refused_at_once(given):
    with pytest.raises(ValueError, match=r"empty|at least 1"):
        webhook(hello, **given)


@pytest.mark.parametrize("told", [True, False])
def test_a_body_that_is_too_large_is_refused(asked, told):
    headers = {} if told else {"content-length": ""}
    answer = asked(webhook(hello, max_body=100), b" " * 101, headers=headers)
    assert answer.status == 413
    assert answer.json["error"]["code"] == "body_too_large"


@pytest.mark.parametrize("told", [True, False])
def test_a_body_of_exactly_the_largest_size_is_read(asked, told):
    body = json.dumps({"messages": HELLO}).encode()
    headers = {} if told else {"content-length": ""}
    app = webhook(hello, max_body=len(body))
    assert asked(app, body, headers=headers).status == 200
    assert asked(app, body + b" ", headers=headers).status == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        {},
        {"messages": []},
        {"messages": "hi"},
        {"messages": [{"content": "swordfish"}]},
        {"messages": [{"role": "user", "content": 42}]},
        {"messages": HELLO, "stream": "yes"},
        {"messages": HELLO, "tools": {}},
        {"messages": [{"role": "assistant", "tool_calls": [{"id": "x"}]}]},
        b'{"messages": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_request_is_refused_and_not_quoted(asked, body):
    answer = asked(webhook(hello), body)
    assert answer.status == 400
    assert answer.json["error"]["code"] == "invalid_request"
    assert "swordfish" not in answer.body.decode()


def test_more_streams_than_allowed_are_refused_and_their_place_comes_back():
    async def crowd():
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow(turn):
            yield "One moment. "
            begun.set()
            if turn.user_id == "first":
                await go_on.wait()

        app = webhook(slow, secret=["a", "b"], streams=1)
        first = asyncio.create_task(ask(app, secret="a", user_id="first"))
        await begun.wait()
        refused, other = await ask(app, secret="a"), await ask(app, secret="b")
        go_on.set()
        return refused, other, await first, await ask(app, secret="a")

    refused, other, first, later = asyncio.run(crowd())
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert [answer.status for answer in (other, first, later)] == [200, 200, 200]


def test_a_client_that_leaves_while_it_sends_gives_its_place_back(serving):
    app = webhook(hello, streams=1, secret=ANYONE)
    url = serving(app)
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=HANG) as client:
        client.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\n"
            b"content-type: application/json\r\n"
            b"host: localhost:%d\r\ncontent-length: 9\r\n\r\n{" % port
        )
        until(lambda: len(app.log))
    until(lambda: app.log[-1].finish != "under way")
    assert app.log[-1].finish == "hung up"
    assert "0 answers under way" in repr(app)


def test_health_needs_no_secret(serving):
    import urllib.request

    with urllib.request.urlopen(f"{serving(webhook(hello, secret=SECRET))}/health") as response:
        assert json.load(response) == {"ok": True, "streams": 0}
