"""One conversation from its metadata to its end: the tasks that run, and what each message does."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket

from voicekit.standin.answer.client_tools import ClientTools
from voicekit.standin.answer.tools import Tools
from voicekit.standin.conversation import contract
from voicekit.standin.conversation.call import Call
from voicekit.standin.conversation.ending import CLIENT, ClientLeft, Ended
from voicekit.standin.conversation.listening import Listening
from voicekit.standin.conversation.pings import Pings
from voicekit.standin.conversation.timers import Timers
from voicekit.standin.conversation.turns import Turns

Message = dict[str, Any]


async def receive(websocket: WebSocket) -> Message:
    """The client's next message.

    Raises:
        ClientLeft: there is none, the connection is gone.
        Ended: 1008, it is not a JSON object.
    """
    raw = await websocket.receive()
    if raw["type"] == "websocket.disconnect":
        raise ClientLeft(raw.get("code", 1005))
    try:
        message = json.loads(raw.get("text") or "")
    except (ValueError, RecursionError):
        raise _invalid("Messages are JSON text; this one was not.") from None
    if not isinstance(message, dict):
        raise _invalid("Messages are JSON objects; this one was not.")
    return message


class Session:
    """A conversation's tasks.

    Args:
        websocket: the accepted connection.
        call: the conversation.
        early: messages that came before the conversation had begun.
    """

    def __init__(self, websocket: WebSocket, call: Call, early: list[Message]) -> None:
        self._websocket = websocket
        self._call = call
        self._early = early
        self._client_tools = ClientTools(call)
        self._tools = Tools(call, self._client_tools)
        self._timers = Timers(call)
        self._pings = Pings(call)
        self._turns: Turns
        self._listening: Listening | None = None
        self._meanings: dict[str, Callable[[Message], None]] = {
            "pong": self._pings.answered,
            "user_message": self._user_message,
            "user_activity": self._user_activity,
            "multimodal_message": self._multimodal_message,
            "contextual_update": self._contextual_update,
            "client_tool_result": self._client_tools.answered,
            "feedback": self._feedback,
        }

    async def run(self) -> None:
        """Converse.

        Raises:
            ExceptionGroup: of `Ended`, however the conversation ends; every task has ended then.
        """
        call = self._call
        async with asyncio.TaskGroup() as group:
            self._turns = Turns(call, self._tools, self._timers, group)
            group.create_task(self._pings.run())
            if not call.opening.text_only:
                listening = self._listening = Listening(call, self._turns, self._timers)
                self._timers.unheard = lambda: listening.busy
                group.create_task(self._listening.run())
            self._turns.open()
            group.create_task(self._timers.run(self._turns.ask_again, self._turns.close_with))
            for message in self._early:
                self._take(message)
            while True:
                self._take(await receive(self._websocket))
                if self._listening:
                    await self._listening.inbox.room()

    def hung_up(self) -> None:
        """The client left: what the agent was saying is noted as far as it was heard."""
        self._turns.interrupt()

    def _take(self, message: Message) -> None:
        self._timers.client_lives()
        if "user_audio_chunk" in message:
            self._audio(message["user_audio_chunk"])
        elif act := self._meanings.get(str(message.get("type"))):
            contract.check(message)
            act(message)

    def _audio(self, chunk: object) -> None:
        try:
            sound = base64.b64decode(chunk, validate=True)  # type: ignore[arg-type]
        except (TypeError, ValueError, binascii.Error):
            raise _invalid("A user_audio_chunk must be base64.") from None
        if self._listening:
            self._listening.hear(sound)

    def _user_message(self, message: Message) -> None:
        self._timers.caller_is_there()
        text = message.get("text")
        if isinstance(text, str) and text.strip():
            self._turns.user_said(text, "text")

    def _multimodal_message(self, message: Message) -> None:
        self._user_message(text if isinstance(text := message.get("text"), dict) else {})

    def _user_activity(self, _message: Message) -> None:
        self._timers.caller_is_there()

    def _contextual_update(self, message: Message) -> None:
        text, context_id = message.get("text"), message.get("context_id")
        if isinstance(text, str) and text:
            self._call.history.update(text, context_id if isinstance(context_id, str) else None)

    def _feedback(self, message: Message) -> None:
        score, event_id = message.get("score"), message.get("event_id")
        for item in self._call.record.items:
            if item.role == "agent" and item.event_id == event_id:
                seconds = int(self._call.at)
                item.feedback = {"score": score, "time_in_call_secs": seconds} if score else None


def _invalid(said: str) -> Ended:
    return Ended(CLIENT, said, "invalid_message")
