"""Every kind of fault, met by the vendors' own clients, whole and streamed, plain and over TLS.

What a client makes of a vendor's refusals by name and of each socket is in `test_elevenlabs_faults`
and `test_openai`; here is the whole matrix, and that nothing is held after a reset.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import httpx2
import openai
import pytest
from elevenlabs import ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import UnprocessableEntityError
from waiting import HANG, until
from websockets.exceptions import ConnectionClosed
from wire import RACHEL, dial, hear, say

from voicekit.standin.http import refusals
from voicekit.standin.http.faults import KINDS, Fault

HELD = 60.0  # seconds; a test that waits for it has failed
PATIENCE = 0.3  # seconds that an impatient client waits
TEXT = "Hello there, how are you today?"
QUESTION = [{"role": "user", "content": "What are your opening hours?"}]


def patience(seconds: float) -> dict[str, float]:
    return {"timeout_in_seconds": seconds, "max_retries": 0}


@pytest.fixture(scope="module")
def plain():
    """A transport that looks at no certificate: reading them all takes longer than most tests."""
    with httpx.Client(trust_env=False, verify=False) as transport:
        yield transport


@pytest.fixture(scope="module")
def eleven(_session_standin, plain):
    return ElevenLabs(base_url=_session_standin.elevenlabs_url, api_key="any", httpx_client=plain)


@pytest.fixture(scope="module")
def chat(_session_standin):
    with openai.OpenAI(
        base_url=_session_standin.openai_url, api_key="any", max_retries=0, timeout=HANG
    ) as client:
        yield client.chat.completions


class Control:
    """The control plane, over HTTP."""

    def __init__(self, transport: httpx.Client, standin) -> None:
        self.transport = transport
        self.url = standin.control_url
        self.headers = {"authorization": f"Bearer {standin.control_token}"}

    def reset(self) -> None:
        self.transport.post(f"{self.url}/reset", headers=self.headers)

    def tasks(self) -> int:
        return self.transport.get(f"{self.url}/", headers=self.headers).json()["tasks"]


@pytest.fixture(autouse=True)
def control(standin, plain, caplog) -> Iterator[Control]:
    """The control plane, and after each test: nothing held, no task left, nothing logged."""
    control = Control(plain, standin)
    before = control.tasks()
    yield control
    control.reset()
    until(
        lambda: (
            not (
                standin.state.faults.holding or standin.state.generating or control.tasks() > before
            )
        ),
        "the end of all that was under way",
    )
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


@contextlib.contextmanager
def reset_once_held(standin, control: Control) -> Iterator[None]:
    """Reset the stand-in from elsewhere as soon as a fault holds a connection."""
    done = threading.Event()

    def reset() -> None:
        while not done.wait(0.01):
            if standin.state.faults.holding:
                control.reset()
                return

    thread = threading.Thread(target=reset)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def speak(eleven: ElevenLabs, seconds: float = 10.0) -> bytes:
    return b"".join(
        eleven.text_to_speech.stream(RACHEL, text=TEXT, request_options=patience(seconds))
    )


def answer(chat, seconds: float = 10.0) -> str:
    stream = chat.create(model="gpt-6-luna", messages=QUESTION, stream=True, timeout=seconds)
    with stream:
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def converse(standin, kind: str) -> Callable[[], list[dict]]:
    def turn() -> list[dict]:
        with dial(standin, kind) as socket:
            say(socket, {"text": TEXT, "flush": True})
            say(socket, "" if kind == "stream-input" else {"close_socket": True})
            return hear(socket).messages

    return turn


@pytest.fixture(params=["speech", "chat", "stream-input", "multi-stream-input"])
def client(request, standin, eleven, chat) -> Callable[[], object]:
    """A call that streams something, by an official SDK or a WebSocket client."""
    return {
        "speech": lambda: speak(eleven),
        "chat": lambda: answer(chat),
    }.get(request.param) or converse(standin, request.param)


ELEVENLABS_ERRORS = {422: UnprocessableEntityError}
OPENAI_ERRORS = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
    **dict.fromkeys((500, 502, 503), openai.InternalServerError),
}


@pytest.mark.parametrize("name", refusals.names("elevenlabs"))
def test_elevenlabs_sdk_raises_each_refusal_with_its_status_and_body(standin, eleven, name):
    standin.state.faults.add(Fault("refuse", name=name))
    expected = refusals.Refusal("elevenlabs", name)
    with pytest.raises(ApiError) as refused:
        speak(eleven)
    assert type(refused.value) is ELEVENLABS_ERRORS.get(expected.status, ApiError)
    assert refused.value.status_code == expected.status
    detail = refused.value.body["detail"]
    assert (detail["status"], detail["code"], detail["type"]) == (name, name, expected.type)
    assert detail["message"] == expected.message
    assert refused.value.headers["request-id"] == detail["request_id"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", refusals.names("openai"))
def test_openai_sdk_raises_each_refusal_with_its_status_and_body(standin, chat, name, stream):
    standin.state.faults.add(Fault("refuse", name=name))
    expected = refusals.Refusal("openai", name)
    with pytest.raises(openai.APIStatusError) as refused:
        chat.create(model="gpt-6-luna", messages=QUESTION, stream=stream)
    assert type(refused.value) is OPENAI_ERRORS.get(expected.status, openai.APIStatusError)
    assert refused.value.status_code == expected.status
    assert (refused.value.code, refused.value.type) == (expected.code, expected.type)
    assert refused.value.body["message"] == expected.message
    assert refused.value.request_id.startswith("req_")


@pytest.mark.parametrize("kind", ["stream-input", "multi-stream-input"])
@pytest.mark.parametrize("name", refusals.names("elevenlabs"))
def test_a_socket_is_told_each_refusal_before_it_is_closed(standin, kind, name):
    standin.state.faults.add(Fault("refuse", name=name))
    expected = refusals.Refusal("elevenlabs", name)
    with dial(standin, kind) as socket:
        heard = hear(socket)
    assert [message["error"] for message in heard.messages] == [name]
    assert heard.last["message"] == expected.message
    assert heard.code == heard.last["code"] == (1011 if expected.status >= 500 else 1008)
    assert heard.reason == refusals.close_reason(expected.message)


def test_a_fault_that_is_late_or_stalls_loses_nothing(standin, client):
    whole = client()
    for kind, after in (("slow", 0), ("stall", 0), ("stall", 1)):
        standin.state.faults.add(Fault(kind, after=after, seconds=0.1))
        begun = time.monotonic()
        assert client() == whole
        assert time.monotonic() - begun >= 0.1


def test_a_reset_lets_go_at_once_of_what_is_late_or_stalls(standin, control, client):
    whole = client()
    for kind in ("slow", "stall"):
        standin.state.faults.add(Fault(kind, seconds=HELD))
        with reset_once_held(standin, control):
            assert client() == whole


@pytest.mark.parametrize("kind", ["slow", "stall", "half_open"])
def test_an_impatient_client_times_out_and_leaves_nothing(standin, eleven, chat, kind):
    standin.state.faults.add(Fault(kind, "/elevenlabs/*", seconds=HELD))
    standin.state.faults.add(Fault(kind, "/openai/*", seconds=HELD))
    with pytest.raises(httpx.ReadTimeout):
        speak(eleven, PATIENCE)
    with pytest.raises((openai.APITimeoutError, httpx2.ReadTimeout)):
        answer(chat, PATIENCE)
    # Of a connection that it holds half open the stand-in learns nothing: a reset ends that.


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("kind", ["drop", "half_open"])
def test_a_cut_stream_is_an_error_of_the_transport(standin, control, eleven, chat, kind, after):
    standin.state.faults.add(Fault(kind, "/elevenlabs/*", after=after, seconds=HELD))
    with (
        reset_once_held(standin, control),
        pytest.raises((httpx.NetworkError, httpx.RemoteProtocolError)),
    ):
        speak(eleven)
    standin.state.faults.add(Fault(kind, "/openai/*", after=after, seconds=HELD))
    with (
        reset_once_held(standin, control),
        pytest.raises((openai.APIConnectionError, httpx2.TransportError)),
    ):
        answer(chat)


@pytest.mark.parametrize("path", ["stream-input", "multi-stream-input"])
@pytest.mark.parametrize("kind", ["drop", "half_open"])
def test_a_cut_socket_ends_without_a_close_frame(standin, control, kind, path):
    standin.state.faults.add(Fault(kind, after=1, seconds=HELD))
    with reset_once_held(standin, control), dial(standin, path) as socket:
        say(socket, {"text": TEXT, "flush": True})
        heard = hear(socket)
    assert len(heard.messages) == 1
    assert heard.code == 1006


def test_a_half_open_socket_answers_no_ping(standin):
    standin.state.faults.add(Fault("half_open", after=1, seconds=HELD))
    with dial(standin) as socket:
        say(socket, {"text": TEXT, "flush": True})
        assert socket.recv(5)
        assert not socket.ping().wait(PATIENCE)
        standin.state.reset()
        with pytest.raises(ConnectionClosed):
            socket.recv(5)


# The SDK reads two attributes that its own websockets package deprecates.
@pytest.mark.filterwarnings("ignore:ConnectionClosed:DeprecationWarning")
@pytest.mark.parametrize("kind", ["drop", "half_open"])
def test_a_socket_over_tls_is_cut_as_well(standin, control, eleven, kind, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(standin.ca_bundle))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def heard() -> list[bytes]:
        return list(eleven.text_to_speech.convert_realtime(RACHEL, text=iter([TEXT + " "])))

    assert heard()
    standin.state.faults.add(Fault(kind, after=1, seconds=HELD))
    with reset_once_held(standin, control), pytest.raises(ApiError) as cut:
        heard()
    assert cut.value.status_code == 1006
    standin.state.faults.add(Fault("refuse", name="quota_exceeded"))
    with pytest.raises(ApiError, match="exceeds your quota"):
        heard()
    assert heard()


def test_after_a_reset_no_fault_waits(standin, control, client):
    for kind in KINDS:
        standin.state.faults.add(Fault(kind, times=3))
    control.reset()
    assert standin.state.faults.waiting == []
    assert client()
