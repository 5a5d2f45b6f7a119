"""Two thousand malformed things, from fixed seeds; `VOICEKIT_FUZZ=20` in front makes it forty."""

from __future__ import annotations

import contextlib
import gc
import http.client
import json
import logging
import os
import socket
from collections import Counter

import httpx
import pytest
from fuzz import Case, cases
from fuzz_frames import Session, sessions
from fuzz_values import CHAT, CHAT_BODY, GETS, POSTS, SPEECH_BODY
from waiting import HANG, until
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import CONNECTING
from websockets.uri import parse_uri
from wire import FLASH, RACHEL

from voicekit.standin import Standin

ROUNDS = int(os.environ.get("VOICEKIT_FUZZ", "1"))
TIMEOUT = 20.0  # seconds; nothing here should take one


class Line:
    """A keep-alive connection that is opened again when the server has closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def send(self, case: Case) -> tuple[int, str, bytes] | None:
        """Send a case; status, content type and body of the answer, or None when there is none."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
        with contextlib.suppress(ConnectionError):  # refused in the middle: the answer says why
            self.socket.sendall(case.raw)
        if not case.answered:
            return self.close()
        answer = http.client.HTTPResponse(self.socket, method=case.method)
        try:
            answer.begin()
            body = answer.read()
            closing = answer.will_close or not answer.isclosed()
        except (ConnectionError, http.client.RemoteDisconnected):
            if case.http:
                raise
            return self.close()
        finally:
            answer.close()
        if closing or not case.http or case.kind == "longer than its length":
            self.close()
        return answer.status, answer.headers.get("content-type", ""), body

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def complaint(case: Case, status: int, content_type: str, body: bytes) -> str | None:
    """What is wrong with an answer."""
    if status >= 500:
        return "a server error"
    if status < 400 or (case.method == "HEAD" and not body):
        return None
    if not case.http and status == 400 and body == b"Invalid HTTP request received.":
        return None
    if content_type != "application/json":
        return f"an error in {content_type!r}"
    said = json.loads(body)
    detail, error = said.get("detail"), said.get("error")
    if isinstance(detail, list):
        worded = all({"type", "loc", "msg"} <= set(part) for part in detail)
    elif isinstance(detail, dict):
        worded = {"type", "code", "status", "message", "param", "request_id"} == set(detail)
    elif isinstance(error, dict):
        worded = {"type", "code", "message", "param"} == set(error)
    else:  # outside of both vendors' prefixes
        worded = isinstance(error, str) and case.kind in ("path", "target", "method")
    return None if worded else "an error in no vendor's shape"


def tasks(client: httpx.Client) -> int:
    return client.get("/_standin/").json()["tasks"]


def answers_as_usual(client: httpx.Client) -> None:
    """The next good request works, on every route."""
    for path in GETS:
        assert client.get(path).status_code == 200, path
    for path, _ in POSTS[:4]:
        answer = client.post(path, json=SPEECH_BODY)
        assert answer.status_code == 200, path
        assert len(answer.content) > 1000, path
    answer = client.post(CHAT, json=CHAT_BODY)
    assert answer.text.rstrip().endswith("data: [DONE]")


@pytest.fixture
def unharmed(standin: Standin, caplog: pytest.LogCaptureFixture):
    """A client, and afterwards: nothing logged, nothing leaked, nobody dead, all as usual."""
    base = standin.elevenlabs_url.removesuffix("/elevenlabs")
    # The token is a key as good as any to the stand-in's OpenAI.
    keys = {"xi-api-key": "k", "authorization": f"Bearer {standin.control_token}"}
    with httpx.Client(base_url=base, headers=keys, trust_env=False, timeout=HANG) as client:
        answers_as_usual(client)
        idle, worker = tasks(client), standin.state.voice.pid
        assert worker is not None
        yield client
        until(lambda: tasks(client) <= idle, "the end of all tasks")
        answers_as_usual(client)
        assert standin.state.voice.pid == worker
        assert standin.state.generating == 0
        assert client.get("/_standin/journal").status_code == 200
    gc.collect()  # a task whose failure nobody asked for says so now
    shouted = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [(record.name, record.getMessage(), record.exc_text) for record in shouted] == []


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("seed", range(4 * ROUNDS))
def test_malformed_requests_are_refused_in_the_vendors_shape(standin, seed):
    line = Line(standin.port)
    seen: Counter[str] = Counter()
    for case in cases(seed, 250):
        answer = line.send(case)
        seen[f"{case.kind} {answer and answer[0]}"] += 1
        if answer is not None:
            wrong = complaint(case, *answer)
            assert wrong is None, (wrong, case.kind, case.raw[:2000], answer)
    line.close()
    assert sum(seen.values()) == 250
    if os.environ.get("VOICEKIT_FUZZ"):
        print(dict(sorted(seen.items())))


def received(wire: socket.socket) -> bytes:
    """The next bytes; none when the server has hung up, even if it left something unread."""
    try:
        return wire.recv(65536)
    except ConnectionError:
        return b""


@pytest.mark.parametrize(
    "answer",
    [
        (500, "application/json", b'{"detail": {}}'),
        (404, "text/plain", b"Not Found"),
        (422, "application/json", b'{"detail": "no"}'),
        (400, "application/json", b'{"error": {"message": "no"}}'),
        (400, "text/plain", b"Invalid HTTP request received."),
    ],
)
def test_an_answer_in_no_vendors_shape_is_noticed(answer):
    assert complaint(Case("wrong type", b""), *answer)


def talk(port: int, session: Session) -> tuple[int | None, list[dict]]:
    """Send a session's frames; the close code and the messages that came."""
    uri = f"ws://127.0.0.1:{port}/elevenlabs/v1/text-to-speech/{RACHEL}/{session.route}"
    protocol = ClientProtocol(parse_uri(f"{uri}?model_id={FLASH}&{session.query}"))
    protocol.send_request(protocol.connect())
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.sendall(b"".join(protocol.data_to_send()))
        while protocol.state is CONNECTING:
            answer = received(wire)
            assert answer, "the handshake was not answered"
            protocol.receive_data(answer)
        with contextlib.suppress(ConnectionError):  # refused in the middle: the close says why
            for frame in session.frames[: -1 if session.leaves else None]:
                wire.sendall(frame)
            wire.sendall(b"".join(protocol.data_to_send()))  # an early close is answered
        if session.leaves:
            return None, []
        while data := received(wire):
            protocol.receive_data(data)
            with contextlib.suppress(ConnectionError):
                wire.sendall(b"".join(protocol.data_to_send()))
    events = [event for event in protocol.events_received() if isinstance(event, Frame)]
    messages = [json.loads(event.data) for event in events if event.opcode is Opcode.TEXT]
    close = protocol.close_rcvd
    return close and close.code, messages


def misbehaviour(session: Session, code: int | None, messages: list[dict]) -> str | None:
    """What is wrong with how a session went."""
    if session.leaves:
        return None
    if code not in session.codes:
        return f"closed with {code}, not {session.codes}"
    errors = [message for message in messages if message.get("error")]
    if code == 1008:
        named = all({"message", "error", "code"} <= set(error) for error in errors)
        right = errors and errors == messages[-1:] and named and errors[0]["code"] == 1008
        return None if right else "no error message before the close"
    if errors:
        return "an error message and another close"
    contexts = {message.get("contextId") for message in messages}
    final = [message.get("contextId") for message in messages if message.get("isFinal")]
    if code == 1000 and (set(final) != contexts or len(contexts) > len(final)):
        return "a context without its final message"
    if code == 1000 and session.route == "stream-input" and final != [None]:
        return "not one final message"
    return None


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("seed", range(4 * ROUNDS))
def test_malformed_frames_end_in_a_vendors_error_or_the_right_close(standin, seed):
    seen: Counter[str] = Counter()
    for session in sessions(seed, 250):
        code, messages = talk(standin.port, session)
        wrong = misbehaviour(session, code, messages)
        sent = [frame[:300] for frame in session.frames]
        assert wrong is None, (wrong, session.query, session.kinds, sent, messages[-1:])
        seen.update([*session.kinds, f"closed {code}"])
    assert sum(count for kind, count in seen.items() if kind.startswith("_")) == 250
    if os.environ.get("VOICEKIT_FUZZ"):
        print(dict(sorted(seen.items())))


FINAL, ERROR = {"isFinal": True}, {"error": "e", "message": "m", "code": 1008}


@pytest.mark.parametrize(
    ("codes", "code", "messages"),
    [
        ({1000}, 1011, [FINAL]),
        ({1000}, None, [FINAL]),
        ({1000}, 1000, [{"audio": "", "contextId": "one"}]),
        ({1000}, 1000, [FINAL, FINAL]),
        ({1000}, 1000, [ERROR]),
        ({1008}, 1000, [FINAL]),
        ({1008}, 1008, []),
        ({1008}, 1008, [ERROR, ERROR]),
        ({1008}, 1008, [{**ERROR, "code": 1011}]),
    ],
)
def test_a_socket_that_ends_wrongly_is_noticed(codes, code, messages):
    assert misbehaviour(Session("stream-input", codes=codes), code, messages)
