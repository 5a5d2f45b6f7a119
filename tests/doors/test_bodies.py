"""A body that is too large, or of a type that any page may send, and its sender reads why."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing

import httpx
import pytest
from waiting import HANG

from voicekit.serving import serve
from voicekit.standin import Standin
from voicekit.standin.http import bodies
from voicekit.webhook import webhook

SECRET = "correct-horse-battery"
MOST = 1 << 20
HUGE = 10 * MOST
ASKED = json.dumps({"messages": [{"role": "user", "content": "Hi."}]}).encode()


async def hello(_turn):
    yield "Hello."


@pytest.fixture(scope="module")
def served():
    running = serve(webhook(hello, secret=SECRET), name="bodies-test")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def standin():
    running = Standin("instant")
    yield running
    running.stop()


def post(port: int, path: str, body: bytes, **headers: str) -> tuple[int, dict]:
    """What a client reads that sends everything before it looks."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=HANG)) as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client.request("POST", path, body, {"connection": "close", **named})
        answer = client.getresponse()
        return answer.status, json.loads(answer.read())


JSON = "application/json"
PATHS = ["/v1/chat/completions", "/llm-webhook"]


@pytest.mark.parametrize("path", PATHS)
def test_a_webhook_says_413_and_its_caller_reads_it(served, path):
    bearer = f"Bearer {SECRET}"
    status, said = post(served.port, path, b" " * HUGE, authorization=bearer, content_type=JSON)
    assert (status, said["error"]["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", PATHS)
def test_any_other_refusal_before_a_large_body_is_read_as_well(served, path):
    status, said = post(served.port, path, b" " * HUGE, content_type=JSON)
    assert (status, said["error"]["code"]) == (401, "invalid_secret")
    status, _ = post(served.port, path, b" " * HUGE, content_type=JSON, origin="null")
    assert status == 403


def test_a_body_in_chunks_is_measured_too(served):
    headers = {"authorization": f"Bearer {SECRET}", "content-type": JSON}
    chunks = (b" " * 65_536 for _ in range(HUGE // 65_536))
    answer = httpx.post(
        f"{served.url}{PATHS[0]}", content=chunks, headers=headers, trust_env=False, timeout=HANG
    )
    assert answer.status_code == 413


def test_a_client_that_waits_for_leave_gets_the_refusal_instead(served):
    with closing(socket.create_connection(("127.0.0.1", served.port), timeout=HANG)) as client:
        client.sendall(
            b"POST /llm-webhook HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: %d\r\n"
            b"Expect: 100-continue\r\n\r\n" % (served.port, HUGE)
        )
        assert client.recv(100).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("more", [0, 1])
def test_the_largest_body_that_is_allowed_is_allowed(served, more):
    body = ASKED + b" " * (MOST - len(ASKED) + more)
    answer = httpx.post(
        f"{served.url}/llm-webhook",
        content=body,
        headers={"authorization": f"Bearer {SECRET}", "content-type": JSON},
        trust_env=False,
    )
    assert answer.status_code == (413 if more else 200)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/openai/v1/chat/completions", {"authorization": "Bearer k"}),
        ("/elevenlabs/v1/convai/agents/create", {"xi_api_key": "k"}),
        ("/elevenlabs/v1/convai/knowledge-base/file", {"xi_api_key": "k"}),
        ("/_standin/faults", None),
    ],
)
def test_the_stand_in_says_413_and_its_caller_reads_it(standin, path, key):
    key = key or {"authorization": f"Bearer {standin.control_token}"}
    status, said = post(standin.port, path, b" " * HUGE, content_type=JSON, **key)
    assert status == 413
    assert "too large" in json.dumps(said)


@pytest.mark.parametrize("more", [0, 1])
def test_the_largest_body_is_allowed_by_the_stand_in_too(standin, more):
    body = b'{"text": "Hi."}'
    body += b" " * (bodies.LARGEST - len(body) + more)
    path = "/elevenlabs/v1/convai/knowledge-base/text"
    status, _ = post(standin.port, path, body, content_type=JSON, xi_api_key="k")
    assert status == (413 if more else 200)


SIMPLE = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
NOT_JSON = [*SIMPLE, None, "", "text/json", "application/json, text/plain", "text/plain;json"]


@pytest.mark.parametrize("kind", NOT_JSON)
@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/openai/v1/chat/completions", {"authorization": "Bearer k"}),
        ("/elevenlabs/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM", {"xi_api_key": "k"}),
        ("/elevenlabs/v1/convai/agents/create", {"xi_api_key": "k"}),
        ("/elevenlabs/v1/convai/secrets", {"xi_api_key": "k"}),
        ("/_standin/faults", None),
    ],
)
def test_the_stand_in_reads_json_only_from_who_says_json(standin, path, key, kind):
    key = key or {"authorization": f"Bearer {standin.control_token}"}
    kinds = {} if kind is None else {"content_type": kind}
    status, said = post(standin.port, path, b'{"kind": "drop"}', **kinds, **key)
    assert status == 415
    assert "application/json" in json.dumps(said)
    assert standin.state.faults.waiting == []


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON;charset=utf-8"])
def test_json_is_json_however_it_is_spelled(standin, kind):
    path, key = "/elevenlabs/v1/convai/knowledge-base/text", {"xi_api_key": "k"}
    assert post(standin.port, path, b'{"text": "Hi."}', content_type=kind, **key)[0] == 200
