"""Every socket that is refused tells its client why: an error message, and a close with a reason.

Routes are read from the route tables, so a new one is tried as well. Only the gate against foreign
names and pages still fails the handshake: see tests/doors.
"""

from __future__ import annotations

import json

import pytest
from starlette.routing import WebSocketRoute
from waiting import HANG
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from voicekit.standin import Standin, app
from voicekit.standin.http.faults import Fault
from voicekit.standin.http.refusals import Refusal

SOCKETS = [
    ("/elevenlabs" + route.path.replace("{voice_id}", "21m00Tcm4TlvDq8ikWAM"))
    for route in app.ELEVENLABS
    if isinstance(route, WebSocketRoute)
]
UNKNOWN = [
    "/elevenlabs/v1/text-to-speech/x/no-such-socket",
    "/elevenlabs/v1/speech-to-text/no-such-socket",
    "/elevenlabs/v1/convai/no-such-socket",
    "/elevenlabs/v1/translate",
    "/elevenlabs/v1/models",  # is there, for HTTP
    "/openai/v1/realtime?model=gpt-realtime-2.1",
    "/openai/v1/chat/completions",
    "/openai",
    "/nowhere",
    "/",
    "/_standin/journal",
    "/_standin/no-such-path",
]


def refused(standin: Standin, path: str, **headers: str) -> tuple[list[dict], int | None, str]:
    """All messages, the close code and its reason."""
    base = standin.elevenlabs_url.removesuffix("/elevenlabs").replace("http", "ws", 1)
    messages = []
    with connect(base + path, additional_headers=headers, proxy=None) as socket:
        try:
            while True:
                messages.append(json.loads(socket.recv(HANG)))
        except ConnectionClosed:
            return messages, socket.close_code, socket.close_reason or ""


def sentence(message: dict) -> str:
    """The vendor's sentence in an error message, wherever that vendor's clients look for it."""
    event = message.get("error_event", message)
    error = event.get("error")
    if isinstance(error, dict):
        return error["message"]
    return event.get("message") or error


def test_the_route_table_has_sockets_to_try():
    assert len(SOCKETS) >= 4


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("name", ["quota_exceeded", "system_busy", "service_unavailable"])
def test_a_fault_on_a_socket_is_said_twice(standin, path, name):
    standin.state.faults.add(Fault("refuse", name=name))
    (message,), code, reason = refused(standin, path, **{"xi-api-key": "k"})
    expected = Refusal("elevenlabs", name)
    assert sentence(message) == expected.message
    assert reason
    assert expected.message.startswith(reason)
    assert code == (1011 if expected.status >= 500 else 1008)


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("headers", [{"xi-api-key": "k", "authorization": "Bearer k"}, {}])
def test_a_socket_that_is_not_there_says_so(standin, path, headers):
    (message,), code, reason = refused(standin, path, **headers)
    assert len(sentence(message)) > 20
    assert sentence(message).startswith(reason)
    assert (code, bool(reason)) == (1008, True)


def test_each_vendors_clients_find_the_error_where_they_look(standin):
    key = {"xi-api-key": "k"}
    ((speech,), *_) = refused(standin, UNKNOWN[0], **key)
    assert (speech["error"], speech["code"]) == ("not_found", 1008)
    ((transcription,), *_) = refused(standin, UNKNOWN[1], **key)
    assert transcription["message_type"] == "invalid_request"
    ((agent,), *_) = refused(standin, UNKNOWN[2], **key)
    assert agent["type"] == "error"
    assert "stream-input" in agent["error_event"]["message"]
    ((openai,), *_) = refused(standin, "/openai/v1/realtime", authorization="Bearer k")
    assert (openai["type"], openai["error"]["code"]) == ("error", "not_found")


@pytest.mark.parametrize(
    ("query", "told"), [("", "agent_id"), ("agent_id=nobody", "does not exist")]
)
def test_an_agent_that_cannot_be_reached_is_told_before_the_close(standin, query, told):
    base = standin.elevenlabs_url.replace("http", "ws", 1)
    with connect(f"{base}/v1/convai/conversation?{query}", proxy=None) as socket:
        socket.send(json.dumps({"type": "conversation_initiation_client_data"}))
        event = json.loads(socket.recv(HANG))
        assert told in event["error_event"]["message"]
        with pytest.raises(ConnectionClosed, match=told):
            socket.recv(HANG)


def test_a_client_that_speaks_first_still_reads_why(standin):
    standin.state.faults.add(Fault("refuse", name="quota_exceeded"))
    base = standin.elevenlabs_url.replace("http", "ws", 1)
    with connect(f"{base}/v1/convai/conversation?agent_id=agent_standin", proxy=None) as socket:
        socket.send(json.dumps({"type": "conversation_initiation_client_data"}))
        assert "exceeds your quota" in json.loads(socket.recv(HANG))["error_event"]["message"]


def test_a_bug_in_an_open_socket_is_said_too(standin, monkeypatch):
    def broken(*_: object) -> None:
        raise LookupError("planted")

    base = standin.elevenlabs_url.replace("http", "ws", 1)
    monkeypatch.setattr("voicekit.standin.speech.socket.read_query", broken)
    url = f"{base}/v1/text-to-speech/x/stream-input"
    with connect(url, additional_headers={"xi-api-key": "k"}, proxy=None) as socket:
        assert "planted" in json.loads(socket.recv(HANG))["message"]
        with pytest.raises(ConnectionClosed, match="planted"):
            socket.recv(HANG)
        assert socket.close_code == 1011
