"""A turn: what the platform asks, checked, and what an answer wants to know of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from voicekit.webhook.mending import mended

_LENIENT = ConfigDict(extra="allow", strict=True)  # more fields are fine, wrong types are not


class _Function(TypedDict):
    __pydantic_config__ = _LENIENT  # type: ignore[misc]
    name: str
    arguments: str


class _Call(TypedDict):
    __pydantic_config__ = _LENIENT  # type: ignore[misc]
    id: str
    function: _Function


class _Message(TypedDict):
    __pydantic_config__ = _LENIENT  # type: ignore[misc]
    role: str
    content: NotRequired[str | list[dict[str, Any]] | None]  # null beside tool calls
    tool_calls: NotRequired[list[_Call] | None]
    tool_call_id: NotRequired[str | None]


class _Options(TypedDict):
    __pydantic_config__ = _LENIENT  # type: ignore[misc]
    include_usage: NotRequired[bool | None]


class _ChatRequest(TypedDict):
    __pydantic_config__ = _LENIENT  # type: ignore[misc]
    messages: Annotated[list[_Message], Field(min_length=1)]
    model: NotRequired[str | None]
    stream: NotRequired[bool | None]
    stream_options: NotRequired[_Options | None]
    tools: NotRequired[list[dict[str, Any]] | None]
    user_id: NotRequired[str | None]
    elevenlabs_extra_body: NotRequired[dict[str, Any] | None]


_REQUEST: TypeAdapter[_ChatRequest] = TypeAdapter(_ChatRequest)
SCHEMA: dict[str, Any] = _REQUEST.json_schema(ref_template="#/components/schemas/{model}")
"""The request's JSON schema, for OpenAPI; its parts are in `$defs`."""


@dataclass
class Turn:
    """One request of the platform: answer it by yielding text and tool calls.

    Args:
        body: the request as it came.
        headers: the request's headers in lower case, without the secret.
        request: the request of the Responses API whose meaning `body` holds; None for a chat
            completion's.
    """

    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    request: dict[str, Any] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.messages: list[dict[str, Any]] = list(self.body["messages"])
        """The history, with the system prompt and the context that `webhook` adds."""

    def __repr__(self) -> str:
        return f"<Turn {self.key[:6]}, {len(self.messages)} messages>"  # no contents

    @property
    def said(self) -> str:
        """What the caller said last; empty when nobody has said anything yet."""
        found = _last(self.messages, "user")
        return "" if found is None else joined_text(self.messages[found].get("content"))

    @property
    def results(self) -> list[dict[str, str]]:
        """The tools' results since then: `id`, `name` and `content` of each."""
        found = _last(self.messages, "user")
        since = self.messages[0 if found is None else found + 1 :]
        names = {
            call["id"]: call["function"]["name"]
            for message in since
            for call in message.get("tool_calls") or ()
        }
        return [
            {
                "id": message.get("tool_call_id") or "",
                "name": names.get(message.get("tool_call_id") or "", ""),
                "content": joined_text(message.get("content")),
            }
            for message in since
            if message["role"] == "tool"
        ]

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The functions that may be called, the platform's own (`end_call`, …) among them."""
        return self.body.get("tools") or []

    @property
    def model(self) -> str:
        """The model's name in the agent's settings."""
        return self.body.get("model") or "voicekit"

    @property
    def user_id(self) -> str | None:
        """Who is calling, when the conversation was started with a user id."""
        return self.body.get("user_id") or self.body.get("user")

    @property
    def extra(self) -> dict[str, Any]:
        """What the client passed as `custom_llm_extra_body`."""
        return self.body.get("elevenlabs_extra_body") or {}

    @property
    def wants_usage(self) -> bool:
        """Whether the token counts are asked for at the end of the stream."""
        return bool((self.body.get("stream_options") or {}).get("include_usage"))

    @cached_property
    def key(self) -> str:
        """The same for the same history of the same caller, so that a tool runs exactly once.

        The platform repeats a request when the answer was late, and asks speculatively. Two
        callers who say the same words differ by their user id or extra body alone: put the
        conversation's id into one of them.
        """
        asked = [self.body["messages"], self.user_id, self.extra]
        canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]

    def add(self, system: str | None, context: str) -> None:
        """Put a system prompt first, and what was looked up right before the last words.

        There it changes nothing in the beginning of the history, which servers cache.
        """
        if context:
            last = _last(self.messages, "user")
            self.messages.insert(len(self.messages) if last is None else last, _system(context))
        if system:
            self.messages.insert(0, _system(system))


def parse(body: bytes, headers: Mapping[str, str]) -> Turn:
    """Read a request.

    Raises:
        ValueError: it is no chat completion request; says where, and quotes nothing of it.
    """
    return Turn(dict(validated(_REQUEST, body)), headers)


def validated(adapter: TypeAdapter[Any], body: bytes) -> Any:
    """A body that has the adapter's shape.

    Raises:
        ValueError: it has not; says where, and quotes nothing of it.
    """
    try:
        return adapter.validate_python(_json(body))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "the body"
        raise ValueError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None


def _json(body: bytes) -> Any:
    """The body as JSON; half a character in a history must not end every turn that follows."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        first = error
    try:
        return from_json(mended(body), allow_inf_nan=False)
    except ValueError:
        raise ValueError(f"The body is not valid JSON: {first}.") from None


def _last(messages: list[dict[str, Any]], role: str) -> int | None:
    found = (n for n in range(len(messages) - 1, -1, -1) if messages[n]["role"] == role)
    return next(found, None)


def joined_text(content: Any) -> str:
    """A message's text; of a list of parts, the text parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or part.get("refusal") or "") for part in content)
    return content or ""


def _system(text: str) -> dict[str, Any]:
    return {"role": "system", "content": text}
