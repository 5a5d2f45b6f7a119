"""What both speech WebSockets share: the handshake, reading messages, and how it all ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from voicekit.standin.catalog import elevenlabs
from voicekit.standin.catalog.elevenlabs import DEFAULT_MODEL
from voicekit.standin.http import auth
from voicekit.standin.http.refusals import INVALID, Refusal, close_reason
from voicekit.standin.speech.messages import ClientMessage, SocketQuery
from voicekit.standin.speech.request import check_format
from voicekit.standin.speech.settings import read_json, read_query
from voicekit.standin.speech.text_to_speech import STREAMED
from voicekit.standin.state import State

TIMED_OUT = "input_timeout_exceeded"


class Complaint(Exception):
    """Something that ends the socket: an error message, then a close with the same code."""

    def __init__(
        self, name: str, message: str, names: dict[str, str] | None = None, code: int = INVALID
    ) -> None:
        super().__init__(message)
        self.name, self.message, self.names, self.code = name, message, names or {}, code


class Line:
    """One open socket, with what its address asked for.

    Raises:
        Refusal: a query parameter, the voice or the key is not valid.
    """

    def __init__(self, websocket: WebSocket, kind: type[ClientMessage] = ClientMessage) -> None:
        self._kind = kind
        self.state: State = websocket.state.standin
        self.query = read_query(SocketQuery, websocket.query_params)
        check_format(self.query.output_format, STREAMED)
        self.model = elevenlabs.model(self.query.model_id, _route(websocket))
        # A dialogue's voices come with its contexts: until then, any.
        named = websocket.path_params.get("voice_id")
        self.voice = elevenlabs.voice(named) if named else elevenlabs.voices()[0]
        self.hasty = bool(websocket.scope.get("voicekit.hasty"))
        """Whether a fault has this socket close before it speaks."""
        self._websocket = websocket
        self._open = False
        self._handshake_key = _handshake_key(websocket)
        if self._handshake_key:
            self._admit(self._handshake_key)

    async def send(self, message: dict[str, Any]) -> None:
        """Send one JSON message.

        Raises:
            WebSocketDisconnect: the client has left.
        """
        await _send(self._websocket, message)

    async def receive(self) -> ClientMessage:
        """The next message.

        Raises:
            Complaint: the client was silent for too long, or sent what is not a message.
            Refusal: likewise, or there is no key.
            WebSocketDisconnect: the client has left.
        """
        try:
            async with asyncio.timeout(self.query.inactivity_timeout):
                raw = await self._websocket.receive()
        except TimeoutError:
            seconds = float(self.query.inactivity_timeout)
            raise Complaint(
                TIMED_OUT,
                "Have not received a new text input within the timeout of "
                f"{seconds} seconds. Send a single space to keep the connection open.",
            ) from None
        if raw["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(raw.get("code", 1005))
        if raw.get("text") is None:
            raise Complaint("invalid_message", "Messages are JSON text; this one was binary.")
        message = read_json(self._kind, raw["text"], "message")
        if not self._open:
            self._admit(message.key)
        if message.says_nothing:
            raise Complaint(
                "invalid_message",
                "A message needs 'text', or 'flush', or with several contexts also "
                "'close_context' or 'close_socket'.",
            )
        return message

    def _admit(self, key: str | None) -> None:
        key = (key or "").removeprefix("Bearer ")
        if not self._handshake_key:
            self.state = auth.move(self._websocket.scope, key)
        auth.require_key(self.state, "elevenlabs", key)
        self._open = True


async def serve(
    websocket: WebSocket,
    talk: Callable[[Line], Awaitable[None]],
    kind: type[ClientMessage] = ClientMessage,
) -> None:
    """Accept, talk, and close: with 1000 when all is said, else with an error message before.

    Raises:
        Refusal: before it accepts, for a model that has no such socket.
    """
    model_id = websocket.query_params.get("model_id", DEFAULT_MODEL)
    if any(known.id == model_id for known in elevenlabs.models()):
        elevenlabs.model(model_id, _route(websocket))
    await websocket.accept()
    try:
        try:
            await talk(Line(websocket, kind))
            await websocket.close(1000)
        except* (Refusal, Complaint) as group:
            await _fail(websocket, _first(group))
    except* WebSocketDisconnect:
        pass  # whoever left needs no goodbye; all tasks of this socket have ended


def _route(websocket: WebSocket) -> str:
    """The kind of route, as a model's `where` has it."""
    return "socket" if "voice_id" in websocket.path_params else "dialogue"


async def _fail(websocket: WebSocket, error: BaseException) -> None:
    name, message = getattr(error, "name", ""), getattr(error, "message", "")
    code = getattr(error, "code", INVALID)
    code = code if isinstance(code, int) else INVALID  # a refusal's code is its name
    said = {"message": message, "error": name, "code": code, **getattr(error, "names", {})}
    await _send(websocket, said)
    await websocket.close(code, close_reason(message))


async def _send(websocket: WebSocket, message: dict[str, Any]) -> None:
    try:
        await websocket.send_text(json.dumps(message))
    except RuntimeError as gone:  # closed by the server's own layer, or found out by another task
        raise WebSocketDisconnect(1006) from gone


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _handshake_key(websocket: WebSocket) -> str | None:
    query = websocket.query_params
    sent = (
        websocket.headers.get("xi-api-key"),
        websocket.headers.get("authorization"),
        *(query.get(name) for name in ("xi-api-key", "authorization", "single_use_token")),
    )
    return next((key for key in sent if key), None)
