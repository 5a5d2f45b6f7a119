from __future__ import annotations

import contextlib
import json
import time
from itertools import pairwise

import httpx
import pytest
from waiting import HANG
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from voicekit.standin.http import journal

CANARY = "sk-canary-5b1f0a2e7c94d6388f"
VOICE = "21m00Tcm4TlvDq8ikWAM"


@pytest.fixture
def client(standin, token):
    base = standin.elevenlabs_url.removesuffix("/elevenlabs")
    headers = {**token, "content-type": "application/json"}
    with httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=HANG) as http:
        yield http


def entries(client: httpx.Client) -> list[dict]:
    answer = client.get("/_standin/journal")
    assert answer.status_code == 200

    def never(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(answer.text, parse_constant=never)["entries"]


def talk(standin, *frames: str | bytes, route: str = "stream-input", **options) -> None:
    """Send frames over a WebSocket and read until the stand-in closes it."""
    base = standin.elevenlabs_url.replace("http", "ws", 1)
    url = f"{base}/v1/text-to-speech/{VOICE}/{route}?output_format=pcm_16000"
    with connect(url, proxy=None, compression=None, **options) as socket:
        for frame in frames:
            socket.send(frame)
        with contextlib.suppress(ConnectionClosedError):
            for _ in socket:
                pass


def post(client: httpx.Client, body: bytes | str) -> None:
    """Send a body that is read and answered, whatever it holds."""
    client.post("/openai/v1/chat/completions", content=body, headers={"authorization": "Bearer x"})


def test_requests_and_messages_are_in_order_with_times_that_never_go_back(client, standin):
    before = time.monotonic()
    client.get("/elevenlabs/v1/models")
    talk(standin, '{"text": " ", "xi_api_key": "x"}', '{"text": "Hello."}', '{"text": ""}')
    client.get("/openai/v1/models")
    after = time.monotonic()
    first, second, third = entries(client)
    assert [entry["n"] for entry in (first, second, third)] == [1, 2, 3]
    assert [entry["method"] for entry in (first, second, third)] == ["GET", "WEBSOCKET", "GET"]
    assert [message["text"] for message in second["received"]] == [" ", "Hello.", ""]
    assert second["status"] == 101
    assert second["close"] == [1000, ""]
    assert len(second["sent_at"]) >= 2  # audio and the final message
    for entry in (first, second, third):
        times = sorted([entry["at"], *entry["received_at"]])
        assert times == [entry["at"], *entry["received_at"]]
        assert all(earlier <= later for earlier, later in pairwise(entry["sent_at"]))
        assert before <= entry["at"] <= max(entry["sent_at"]) <= after
    assert first["at"] <= second["at"] <= third["at"]


def test_only_the_last_requests_are_kept(client):
    for _ in range(journal.KEPT + 5):
        client.get("/elevenlabs/v1/voices/settings/default")
    numbers = [entry["n"] for entry in entries(client)]
    assert numbers == list(range(6, journal.KEPT + 6))


def test_of_one_socket_only_so_many_messages_are_kept(client, standin):
    spaces = ['{"text": " "}'] * (journal.KEPT + 5)
    talk(standin, *spaces, '{"text": ""}', additional_headers={"xi-api-key": "x"})
    (entry,) = entries(client)
    assert len(entry["received"]) == len(entry["received_at"]) == journal.KEPT


def test_secrets_are_masked_wherever_they_were_sent(client, standin):
    names = ("xi-api-key", "xi_api_key", "api_key", "apiKey", "authorization", "single_use_token")
    secrets = dict.fromkeys(names, CANARY)
    client.post(
        "/openai/v1/chat/completions",
        params={**secrets, "kept": "yes"},
        headers={"authorization": f"Bearer {CANARY}", "xi-api-key": CANARY},
        json={**secrets, "deeper": [{"password": [CANARY], "client_secret": {"is": CANARY}}]},
    )
    talk(standin, json.dumps({"text": " ", **secrets}), '{"text": ""}')
    noted = entries(client)
    assert CANARY not in json.dumps(noted)
    assert noted[0]["query"] == {**dict.fromkeys(names, "***"), "kept": "yes"}
    assert noted[1]["received"][0] == {"text": " ", **dict.fromkeys(names, "***")}


def test_words_that_only_resemble_secrets_are_kept(client):
    body = {"max_tokens": 5, "keyboard": "qwerty", "tokens": [1], "monkey": "yes"}
    post(client, json.dumps(body))
    assert entries(client)[0]["received"] == [body]


@pytest.mark.parametrize(
    ("body", "noted"),
    [
        (b'{"model": "m", "messages": [NaN, Infinity, 1e999]}', ["nan", "inf", "inf"]),
        (b'{"messages": ["\\ud800"]}', ["\ud800"]),
        (b'{"messages": [' + b"9" * 400 + b"]}", [int("9" * 400)]),
    ],
)
def test_json_that_json_cannot_say_does_not_spoil_the_journal(client, body, noted):
    post(client, body)
    assert entries(client)[0]["received"][0]["messages"] == noted


@pytest.mark.parametrize(
    ("body", "noted"),
    [
        (b"\x00\xff" * 50, "<100 bytes that are not JSON>"),
        (b"[" * 10_000, "<10000 bytes that are not JSON>"),
        (b'{"a":' * 3_000 + b"1" + b"}" * 3_000, "<18001 bytes, too many to keep>"),
        (b'{"a":' * 2_000 + b"1" + b"}" * 2_000, "<12001 bytes that are not JSON>"),
        (b"[" + b"1," * 300_000 + b"1]", "<600003 bytes, too many to keep>"),
    ],
    ids=["binary", "open", "deep and long", "deep", "long"],
)
def test_of_what_cannot_be_kept_the_length_is(client, body, noted):
    post(client, body)
    assert entries(client)[0]["received"] == [noted]


def test_of_binary_frames_and_of_much_text_the_length_is_kept(client, standin):
    sent = json.dumps({"text": " " * 10_000})
    key = {"xi-api-key": "x"}
    talk(standin, *[sent] * 8, '{"text": ""}', additional_headers=key)
    talk(standin, b'{"text": " "}', additional_headers=key)
    long, binary = entries(client)
    assert long["received"][:6] == [{"text": " " * 10_000}] * 6
    assert long["received"][6:] == [f"<{len(sent)} bytes, too many to keep>"] * 2 + [{"text": ""}]
    assert binary["received"] == ["<13 bytes of binary>"]
