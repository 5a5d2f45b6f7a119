"""A chat completion request: what the stand-in reads of it, and what it refuses.

Checked are the parameters that change the answer, or when it comes. Others that OpenAI knows
(`seed`, `user`, `store`, `metadata`, `logit_bias`, …) would change nothing here and are passed
over, and so are unknown ones, which OpenAI would refuse: agent frameworks send extras such as
`elevenlabs_extra_body`. What the stand-in cannot do is refused and not quietly left out: several
choices, JSON output, log probabilities, audio, and anything in a message but text.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from voicekit.standin.catalog import openai_models
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.openai import chat_rules
from voicekit.standin.openai.chat_errors import refusal_for
from voicekit.standin.script import tokens

Penalty = Annotated[float, Field(ge=-2, le=2)]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Shape(BaseModel):
    """A part of a request: strict about types, lenient about unknown fields."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Part(Shape):
    """One part of a message's content."""

    type: str
    text: str = ""
    refusal: str | None = None


def _parts(content: object) -> object:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class Function(Shape):
    """The function a past tool call named, with its arguments as JSON text."""

    name: str
    arguments: str


class ToolCall(Shape):
    """A tool call of a past assistant message."""

    id: str
    type: Literal["function"] = "function"
    function: Function


class Message(Shape):
    """One message of the history."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Annotated[list[Part] | None, BeforeValidator(_parts)] = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return "".join(part.text for part in self.content or ())


class ToolFunction(Shape):
    """What a tool is called, what it does, and a JSON schema of its parameters."""

    name: str = Field(pattern="^[a-zA-Z0-9_-]{1,64}$")
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(Shape):
    """A tool on offer."""

    type: Literal["function"]
    function: ToolFunction


class StreamOptions(Shape):
    """How a stream ends."""

    include_usage: bool | None = None


class ChatRequest(Shape):
    """The body of `POST /v1/chat/completions`."""

    model: str
    messages: list[Message] = Field(min_length=1, max_length=2048)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    n: int | None = Field(None, ge=1, le=128)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    reasoning_effort: Effort | None = None
    stop: Annotated[list[str] | None, BeforeValidator(chat_rules.as_list)] = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[Tool] | None = Field(None, min_length=1, max_length=128)
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    logprobs: bool | None = None
    modalities: list[str] | None = None
    response_format: dict[str, Any] | None = None
    functions: Any = None

    @property
    def limit(self) -> int | None:
        """The most tokens to answer with; None is as many as there are."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def effort(self) -> Effort:
        """How much the model reasons: what was asked for, else the model's own default."""
        model = openai_models.table().get(self.model)
        default: Any = model.efforts[0] if model and model.efforts else "none"
        return self.reasoning_effort or default

    @property
    def reasoning_tokens(self) -> int:
        """Tokens that pass, and are paid, before the first word; no more than the limit."""
        model = openai_models.table().get(self.model)
        if model is None or not model.efforts:
            return 0
        wanted = openai_models.reasoning_tokens(self.effort)
        return wanted if self.limit is None else min(wanted, self.limit)

    @cached_property
    def prompt_tokens(self) -> int:
        """Tokens of the messages and tools, with four for each message's frame."""
        said = sum(4 + tokens.count(message.text) for message in self.messages)
        calls = (call.function for message in self.messages for call in message.tool_calls or ())
        called = sum(tokens.count(call.name + call.arguments) for call in calls)
        offered = sum(tokens.count(tool.model_dump_json()) for tool in self.tools or ())
        return said + called + offered


def parse(body: bytes, today: date) -> ChatRequest:
    """Read and check a request body.

    Raises:
        Refusal: 400 with OpenAI's `param` and `code`, or 404 for a model that is not known or,
            `today`, no longer served.
    """
    try:
        data = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Refusal(
            "openai", "invalid_request", f"The body is not valid JSON: {error}."
        ) from error
    if not isinstance(data, dict):
        raise Refusal("openai", "invalid_request", "The body must be a JSON object.")
    try:
        request = ChatRequest.model_validate(data)
    except ValidationError as error:
        raise refusal_for(error.errors(include_url=False)[0]) from None
    chat_rules.check(request, openai_models.find(request.model, today))
    return request
