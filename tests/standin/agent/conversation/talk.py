"""A conversation as a client with no SDK sees it, and what the official one hears."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from fake_ears import LOUD, QUIET
from waiting import HANG
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

ALL_EVENTS = [
    "conversation_initiation_metadata",
    "audio",
    "interruption",
    "agent_response",
    "agent_response_correction",
    "agent_response_complete",
    "agent_chat_response_part",
    "agent_tool_request",
    "agent_tool_response",
    "user_transcript",
    "tentative_user_transcript",
    "vad_score",
    "ping",
]


def agent(standin: Any, platform: dict[str, Any] | None = None, **config: Any) -> str:
    """The id of a new agent with this `conversation_config`."""
    body: dict[str, Any] = {"conversation_config": config}
    if platform:
        body["platform_settings"] = platform
    return standin.state.agents.create(body).agent_id


def prompt(**fields: Any) -> dict[str, Any]:
    """An agent section with this prompt section and no first message."""
    return {"prompt": fields}


@contextlib.contextmanager
def dial(
    standin: Any, agent_id: str, start: dict[str, Any] | None = None, **query: Any
) -> Iterator[ClientConnection]:
    """An open conversation; `start` are fields of the first message, None sends none."""
    base = standin.elevenlabs_url.replace("http", "ws", 1)
    url = f"{base}/v1/convai/conversation?{urlencode({'agent_id': agent_id, **query})}"
    # No limit to what is unread: beyond it a client answers no pings, and hears of no pong.
    with connect(url, proxy=None, subprotocols=None, max_queue=None) as socket:
        if start is not None:
            say(socket, type="conversation_initiation_client_data", **start)
        yield socket


def say(socket: ClientConnection, **message: Any) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection, kind: str, timeout: float = HANG) -> dict[str, Any]:
    """The next message of a kind; pings on the way are answered, all else is dropped."""
    return hear_until(socket, lambda message: message["type"] == kind, timeout)[-1]


def hear_until(
    socket: ClientConnection, last: Callable[[dict[str, Any]], bool], timeout: float = HANG
) -> list[dict[str, Any]]:
    """Everything up to the message that `last` says yes to."""
    heard: list[dict[str, Any]] = []
    deadline = time.monotonic() + timeout
    while not heard or not last(heard[-1]):
        heard.append(json.loads(socket.recv(max(0.01, deadline - time.monotonic()))))
        if heard[-1]["type"] == "ping":
            with contextlib.suppress(ConnectionClosed):  # what came before the close is still read
                say(socket, type="pong", event_id=heard[-1]["ping_event"]["event_id"])
    return heard


def hear_all(
    socket: ClientConnection, timeout: float = HANG
) -> tuple[list[dict[str, Any]], int, str]:
    """Everything until the close, its code and its reason."""
    heard: list[dict[str, Any]] = []
    try:
        while True:
            heard += hear_until(socket, lambda _: True, timeout)
    except ConnectionClosed:
        return heard, int(socket.close_code or 0), socket.close_reason or ""


def speak(socket: ClientConnection, pcm: bytes) -> None:
    """Send a piece of the caller's sound."""
    socket.send(json.dumps({"user_audio_chunk": base64.b64encode(pcm).decode()}))


def utter(socket: ClientConnection, seconds: float = 0.5, pause: float = 0.0) -> None:
    """Speak for as long, then be silent for long enough to have finished.

    `pause` is real time between the tenths of a second of speech; the silence comes at once.
    """
    for _ in range(round(seconds * 10)):
        speak(socket, LOUD)
        time.sleep(pause)
    for _ in range(5):
        speak(socket, QUIET)


def of(heard: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The events of one kind, unwrapped."""
    wrappers = {"user_transcript": "user_transcription_event"}
    wrappers |= {"tentative_user_transcript": "tentative_user_transcription_event"}
    return [m[wrappers.get(kind, f"{kind}_event")] for m in heard if m["type"] == kind]
