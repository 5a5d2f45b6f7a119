"""A custom model asked by the Responses API: the request, and what its events say.

ElevenLabs publishes that `api_type` is `responses` and that `/responses` is appended, not what the
request holds. Ours has what the chat completion request has, by this API's names, the whole
history in `input`, and `store: false`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from voicekit.standin.answer.model import ToolCall
from voicekit.standin.answer.sse import NotAStream, whole

PATH = "/responses"
_SAME = ("model", "temperature", "stream", "user_id", "elevenlabs_extra_body")


def body(chat: dict[str, Any]) -> dict[str, Any]:
    """The request that means what a chat completion request does."""
    asked = {name: chat[name] for name in _SAME if name in chat}
    asked |= {"input": list(_items(chat["messages"])), "store": False}
    if "max_tokens" in chat:
        asked["max_output_tokens"] = chat["max_tokens"]
    if "tools" in chat:
        asked["tools"] = [{"type": "function", **tool["function"]} for tool in chat["tools"]]
    return asked


def _items(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for message in messages:
        text, role = message.get("content"), message["role"]
        if role == "tool":
            call_id = message["tool_call_id"]
            yield {"type": "function_call_output", "call_id": call_id, "output": text}
        elif text:
            kind = "output_text" if role == "assistant" else "input_text"
            content = [{"type": kind, "text": text}]
            yield {"type": "message", "role": role, "content": content}
        for call in message.get("tool_calls") or ():
            yield {"type": "function_call", "call_id": call["id"], **call["function"]}


class Events:
    """Reads a response's events one after the other; `sse.Chunks` is its twin."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self._items: dict[object, dict[str, Any]] = {}  # by their place in the output

    def text(self, data: str) -> str:
        """The text of one event, perhaps empty.

        Raises:
            NotAStream: it is none of this API's, or says that something went wrong.
        """
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            raise NotAStream("an event was not JSON", data) from None
        if not isinstance(event, dict):
            raise NotAStream("an event was not a JSON object", data)
        kind, place = event.get("type"), event.get("output_index")
        if "choices" in event:
            asked = "a chunk of a chat completion came, and custom_llm.api_type is 'responses'"
            raise NotAStream(asked, data)
        response = event.get("response")
        error = event if kind == "error" else event.get("error")
        if kind == "response.failed" and isinstance(response, dict):
            error = response.get("error") or {}
        if error is not None:
            raise NotAStream("it sent an error", _message(error))
        if not isinstance(kind, str):
            raise NotAStream("an event had no 'type', so it is none of the Responses API", data)
        item = event.get("item")
        if kind in ("response.output_item.added", "response.output_item.done"):
            if not isinstance(item, dict):
                raise NotAStream("an output item was not an object", data)
            if item.get("type") == "function_call":
                self._call(place).update(item)
        elif kind.startswith("response.function_call_arguments."):
            call = self._call(place)
            part, done = event.get("delta"), event.get("arguments")
            call["arguments"] = done or f"{call.get('arguments') or ''}{part or ''}"
        delta = event.get("delta") if kind == "response.output_text.delta" else None
        return whole(delta) if isinstance(delta, str) else ""

    def finished(self) -> Iterator[ToolCall]:
        """The calls, once the stream is over."""
        for number, call in enumerate(self.calls):
            name, arguments = (str(call.get(part) or "") for part in ("name", "arguments"))
            yield ToolCall(
                str(call.get("call_id") or f"call_{number}"), whole(name), whole(arguments)
            )

    def _call(self, place: object) -> dict[str, Any]:
        key = place if isinstance(place, int | str) else None
        if key not in self._items:
            self._items[key] = {}
            self.calls.append(self._items[key])
        return self._items[key]


def _message(error: object) -> object:
    return error.get("message") if isinstance(error, dict) else error
