"""OpenAI's Responses API: its request as a turn, its two forms of an answer. No I/O.

The platform asks this way when the agent's `custom_llm.api_type` is `responses`; the Agents SDKs
and Vercel's AI SDK do so by default. Whoever writes an answer sees no difference. Source of the
events and their order: `openai.types.responses` of the official SDK, 3.52.
"""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, TypeAdapter
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from voicekit.webhook.chunks import Form
from voicekit.webhook.limit import Limit
from voicekit.webhook.pieces import Piece
from voicekit.webhook.turn import Turn, joined_text, validated

PATH = "/responses"
_LENIENT = ConfigDict(extra="allow", strict=True)
_SAME = (
    "model", "stream", "temperature", "top_p", "parallel_tool_calls", "metadata", "user",
    "user_id", "elevenlabs_extra_body",
)  # fmt: skip
_CUT = {"length": "max_output_tokens", "content_filter": "content_filter"}


_KEEPS_NOTHING = (
    "This endpoint keeps no responses and no items: send the whole conversation as `input`. "
    "Clients do so with `store: false`."
)


class _MessageItem(TypedDict):
    __pydantic_config__ = _LENIENT  # type: ignore[misc]
    type: NotRequired[Literal["message"] | None]
    role: str
    content: str | list[dict[str, Any]] | None


class _CallItem(TypedDict):
    __pydantic_config__ = _LENIENT  # type: ignore[misc]
    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str


class _OutputItem(TypedDict):
    __pydantic_config__ = _LENIENT  # type: ignore[misc]
    type: Literal["function_call_output"]
    call_id: str
    output: str | list[dict[str, Any]] | None


class _ReasoningItem(TypedDict):
    __pydantic_config__ = _LENIENT  # type: ignore[misc]
    type: Literal["reasoning"]


def _kind(item: Any) -> str | None:
    """Which of the four an item is; a message need not say so."""
    if not isinstance(item, dict):
        return None
    kind = item.get("type") or ("message" if "role" in item else None)
    return kind if isinstance(kind, str) else None


def _none(value: Any) -> None:
    if value is not None:
        raise ValueError(_KEEPS_NOTHING)


_Item = Annotated[
    Annotated[_MessageItem, Tag("message")]
    | Annotated[_CallItem, Tag("function_call")]
    | Annotated[_OutputItem, Tag("function_call_output")]
    | Annotated[_ReasoningItem, Tag("reasoning")],
    Discriminator(
        _kind,
        custom_error_type="item",
        custom_error_message=(
            "An item is a message, a function_call, its function_call_output, or reasoning. "
            + _KEEPS_NOTHING
        ),
    ),
]


def _as_items(value: Any) -> Any:
    """A text as the message that it stands for."""
    return [{"role": "user", "content": value}] if isinstance(value, str) else value


_Items = Annotated[list[_Item], Field(min_length=1)]
_Input = Annotated[_Items, BeforeValidator(_as_items, json_schema_input_type=str | _Items)]


class _Request(TypedDict):
    __pydantic_config__ = _LENIENT  # type: ignore[misc]
    input: _Input
    instructions: NotRequired[str | None]
    model: NotRequired[str | None]
    stream: NotRequired[bool | None]
    tools: NotRequired[list[dict[str, Any]] | None]
    reasoning: NotRequired[dict[str, Any] | None]
    previous_response_id: NotRequired[Annotated[None, BeforeValidator(_none)]]
    user_id: NotRequired[str | None]
    elevenlabs_extra_body: NotRequired[dict[str, Any] | None]


_REQUEST: TypeAdapter[_Request] = TypeAdapter(_Request)
SCHEMA: dict[str, Any] = _REQUEST.json_schema(ref_template="#/components/schemas/{model}")
"""The request's JSON schema, for OpenAPI; its parts are in `$defs`."""


def parse(body: bytes, headers: Mapping[str, str]) -> Turn:
    """Read a request as the turn that a chat completion request would make.

    Raises:
        ValueError: it is none, or it refers to what this endpoint would have to have kept.
    """
    request: dict[str, Any] = dict(validated(_REQUEST, body))
    messages = _messages(request["input"])
    if request.get("instructions"):
        messages.insert(0, {"role": "system", "content": request["instructions"]})
    effort = (request.get("reasoning") or {}).get("effort")
    fields = {
        **{name: request.get(name) for name in _SAME},
        "messages": messages,
        "max_completion_tokens": request.get("max_output_tokens"),
        "reasoning_effort": effort,
        "tools": [_tool(tool) for tool in request.get("tools") or ()] or None,
        "tool_choice": _choice(request.get("tool_choice")),
    }
    chat = {name: value for name, value in fields.items() if value is not None}
    return Turn(chat, headers, request)


def _messages(items: list[Any]) -> list[dict[str, Any]]:
    """The input as chat messages; calls side by side share one."""
    messages: list[dict[str, Any]] = []
    before = None
    for item in items:
        kind = _kind(item)
        if kind == "function_call":
            function = {name: item[name] for name in ("name", "arguments")}
            if before != kind:
                messages.append({"role": "assistant", "content": None, "tool_calls": []})
            call = {"id": item["call_id"], "type": "function", "function": function}
            messages[-1]["tool_calls"].append(call)
        elif kind == "function_call_output":
            text = joined_text(item["output"])
            messages.append({"role": "tool", "tool_call_id": item["call_id"], "content": text})
        elif kind == "message":
            messages.append({"role": item["role"], "content": _content(item["content"])})
        before = kind
    return messages


def _content(content: Any) -> Any:
    """Text as text, also when it comes in parts; other parts as they are, for an answer to read."""
    if isinstance(content, list) and all({"text", "refusal"} & set(part) for part in content):
        return joined_text(content)
    return content


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    """A function as chat requests have it; a tool that only OpenAI runs stays as it is."""
    if tool.get("type") != "function":
        return tool
    names = ("name", "description", "parameters", "strict")
    function = {name: tool[name] for name in names if tool.get(name) is not None}
    return {"type": "function", "function": function}


def _choice(choice: Any) -> Any:
    if isinstance(choice, dict) and choice.get("type") == "function":
        return {"type": "function", "function": {"name": choice.get("name")}}
    return choice


class _Response(Form):
    """What both forms build: the response, item by item."""

    def __init__(self, turn: Turn, limit: Limit | None) -> None:
        super().__init__(turn, limit)
        self._output: list[dict[str, Any]] = []
        self._made = int(time.time())
        self._id = f"resp_{uuid.uuid4().hex}"

    def _open(self, prefix: str, **fields: Any) -> dict[str, Any]:
        item = {"id": f"{prefix}_{uuid.uuid4().hex}", "status": "in_progress", **fields}
        self._output.append(item)
        return item

    def _open_message(self) -> dict[str, Any]:
        return self._open("msg", type="message", role="assistant", content=[])

    def _open_call(self, call: dict[str, Any]) -> dict[str, Any]:
        name = call["function"]["name"]
        return self._open("fc", type="function_call", call_id=call["id"], name=name, arguments="")

    def _snapshot(self, status: str, error: dict[str, Any] | None = None) -> dict[str, Any]:
        """The response as it is now, with what was asked repeated."""
        asked, over = self.turn.request or {}, status != "in_progress"
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._made,
            "status": status,
            "error": error,
            "incomplete_details": (
                {"reason": _CUT[self.finish or ""]} if status == "incomplete" else None
            ),
            "instructions": asked.get("instructions"),
            "max_output_tokens": asked.get("max_output_tokens"),
            "metadata": asked.get("metadata") or {},
            "model": self.turn.model,
            "output": self._output if over else [],
            "parallel_tool_calls": asked.get("parallel_tool_calls") is not False,
            "previous_response_id": None,
            "store": False,
            "temperature": asked.get("temperature"),
            "text": {"format": {"type": "text"}},
            "tool_choice": asked.get("tool_choice") or "auto",
            "tools": [
                {"parameters": {}, "strict": False, **tool} for tool in asked.get("tools") or ()
            ],
            "top_p": asked.get("top_p"),
            "usage": _usage(self.usage()) if over and not error else None,
        }

    @property
    def _status(self) -> str:
        return "incomplete" if self.finish in _CUT else "completed"


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(counts: dict[str, Any]) -> dict[str, Any]:
    """A chat completion's token counts by this API's names."""
    cached = (counts.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    reasoning = (counts.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    usage = {
        "input_tokens": counts.get("prompt_tokens", 0),
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "output_tokens": counts.get("completion_tokens", 0),
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": counts.get("total_tokens", 0),
    }
    return {**usage, "estimated": True} if counts.get("estimated") else usage


class Events(_Response):
    """Server-sent events with a type and a number each; the last one says how it ended."""

    content_type = "text/event-stream; charset=utf-8"

    def __init__(self, turn: Turn, limit: Limit | None) -> None:
        super().__init__(turn, limit)
        self._numbers = itertools.count()
        self._opened = False
        self._message: dict[str, Any] | None = None  # the one under way
        self._text = ""  # of the message under way, fillers and apologies included
        self._items: dict[int, dict[str, Any]] = {}  # the calls under way

    def say(self, text: str) -> bytes:
        """A filler, or an apology."""
        out = self._opening()
        if self._message is None:
            self._message, self._text = self._open_message(), ""
            where = self._where(self._message)
            out += self._event("output_item.added", **_place(where), item=self._message)
            out += self._event("content_part.added", **where, content_index=0, part=_part(""))
        self._text += text
        where = self._where(self._message)
        return out + self._event(
            "output_text.delta", **where, content_index=0, delta=text, logprobs=[]
        )

    def fail(self, apology: str, error: dict[str, Any]) -> bytes:
        """An apology, and the event by which a client knows."""
        if self._text and not self._text[-1].isspace():
            apology = f" {apology}"
        out = self.say(apology) + self._close_message("incomplete")
        for index in self._items:
            self._items[index]["status"] = "incomplete"
        failure = {"code": "server_error", "message": error["message"]}
        return out + self._event("failed", response=self._snapshot("failed", failure))

    def _bytes(self, piece: Piece) -> bytes:
        out = self.say(piece.text) if piece.text else b""
        for part in piece.calls or ():
            index = part["index"]
            if index not in self._items:
                out += self._opening() + self._close_message("completed")
                item = self._items[index] = self._open_call(self.calls[index])
                out += self._event("output_item.added", **_place(self._where(item)), item=item)
            arguments = part["function"].get("arguments")
            if arguments:
                where = self._where(self._items[index])
                out += self._event("function_call_arguments.delta", **where, delta=arguments)
        return out

    def _end(self, told: bool) -> bytes:  # noqa: ARG002  a chat completion's reason is not sent
        out = self._close_message(self._status)
        for index, item in self._items.items():
            function, where = self.calls[index]["function"], self._where(item)
            item |= {"status": self._status, **function}
            out += self._event("function_call_arguments.done", **where, **function)
            out += self._event("output_item.done", **_place(where), item=item)
        return out + self._event(self._status, response=self._snapshot(self._status))

    def _close_message(self, status: str) -> bytes:
        item, self._message = self._message, None
        if item is None:
            return b""
        part, where = _part(self._text), self._where(item)
        item |= {"status": status, "content": [part]}
        return (
            self._event("output_text.done", **where, content_index=0, text=self._text, logprobs=[])
            + self._event("content_part.done", **where, content_index=0, part=part)
            + self._event("output_item.done", **_place(where), item=item)
        )

    def _opening(self) -> bytes:
        """The response without anything in it, once, before anything is said."""
        if self._opened:
            return b""
        self._opened = True
        beginning = self._snapshot("in_progress")
        return self._event("created", response=beginning) + self._event(
            "in_progress", response=beginning
        )

    def _where(self, item: dict[str, Any]) -> dict[str, Any]:
        return {"item_id": item["id"], "output_index": self._output.index(item)}

    def _event(self, name: str, /, **fields: Any) -> bytes:
        event = {"type": f"response.{name}", **fields, "sequence_number": next(self._numbers)}
        data = json.dumps(event, separators=(",", ":"))
        return f"event: response.{name}\ndata: {data}\n\n".encode()


def _place(where: dict[str, Any]) -> dict[str, Any]:
    """An item's place, without the id that the item itself has."""
    return {"output_index": where["output_index"]}


class Whole(_Response):
    """One JSON object at the end, for `"stream": false`."""

    streams = False

    def say(self, text: str) -> bytes:  # noqa: ARG002  there is no waiting to fill
        """Nothing: whoever reads the whole at once does not hear a pause."""
        return b""

    def fail(self, apology: str, error: dict[str, Any]) -> bytes:  # noqa: ARG002
        """The error, as OpenAI's API has it."""
        return json.dumps({"error": error}).encode()

    def _bytes(self, piece: Piece) -> bytes:  # noqa: ARG002
        return b""

    def _end(self, told: bool) -> bytes:  # noqa: ARG002
        if self.said or not self.calls:
            self._open_message()["content"] = [_part(self.said)]
        for index in sorted(self.calls):
            call = self.calls[index]
            self._open_call(call)["arguments"] = call["function"]["arguments"]
        for item in self._output:
            item["status"] = self._status
        return json.dumps(self._snapshot(self._status)).encode()
