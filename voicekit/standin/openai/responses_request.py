"""A Responses request: read, checked, and turned into the chat request that means the same.

The script answers chat requests, so both of OpenAI's APIs say the same words and refuse the same
things. Refused besides is what would need more than a script: hosted tools, conversations and
prompts kept at OpenAI, background work, JSON output. Source: the types of the official SDK
(`openai.types.responses`, 3.52).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_core import from_json

from voicekit.standin.catalog import openai_models
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.openai import chat_rules
from voicekit.standin.openai.chat import ChatRequest, Shape
from voicekit.standin.openai.chat_errors import refusal_for
from voicekit.standin.openai.responses_store import Item

_TEXTS = ("input_text", "output_text", "text")
_ELSEWHERE = ("background", "conversation", "prompt")
_PASSED_OVER = ("reasoning",)  # items that a script has no use for
_PARAMS = (  # as a chat request calls them, and as this one does
    ("messages", "input"),
    ("max_completion_tokens", "max_output_tokens"),
    ("response_format", "text.format"),
    ("reasoning_effort", "reasoning.effort"),
)


class Text(Shape):
    """How the answer is to be written."""

    format: dict[str, Any] | None = None


class Reasoning(Shape):
    """How long to think before the first token."""

    effort: str | None = None


class FunctionTool(Shape):
    """A function on offer; unlike a chat request's, its fields are the tool's own."""

    type: str
    name: str = ""
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ResponsesRequest(Shape):
    """The body of `POST /v1/responses`."""

    model: str
    input: str | list[Item] = Field(min_length=1)
    instructions: str | None = None
    previous_response_id: str | None = None
    max_output_tokens: int | None = Field(None, ge=16)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    tools: list[FunctionTool] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    stream: bool | None = None
    store: bool | None = None
    text: Text | None = None
    reasoning: Reasoning | None = None
    metadata: dict[str, str] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    user: str | None = None
    background: bool | None = None
    conversation: Any = None
    prompt: Any = None

    @property
    def items(self) -> list[Item]:
        """The input as a list of items."""
        if isinstance(self.input, str):
            return [{"type": "message", "role": "user", "content": self.input}]
        return self.input


def parse(body: bytes) -> ResponsesRequest:
    """Read and check the fields of a request body.

    Raises:
        Refusal: 400 with OpenAI's `param` and `code`.
    """
    try:
        data = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        message = f"The body is not valid JSON: {error}."
        raise Refusal("openai", "invalid_request", message) from error
    if not isinstance(data, dict):
        raise Refusal("openai", "invalid_request", "The body must be a JSON object.")
    try:
        request = ResponsesRequest.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        first["loc"] = tuple(step for step in first["loc"] if not str(step).startswith(_UNION))
        raise refusal_for(first) from None
    for name in _ELSEWHERE:
        if getattr(request, name):
            raise _beyond(name, name)
    return request


_UNION = ("str", "list[")  # pydantic names the member of a union in an error's place


def chat_request(
    request: ResponsesRequest,
    before: list[Item],
    find: Callable[[str], Item | None],
    today: date,
) -> ChatRequest:
    """The chat request that means the same.

    Args:
        request: what was asked.
        before: the items of the responses that `previous_response_id` stands for.
        find: an item of an earlier response by its id; None when it is not kept.
        today: the day by which models are alive or gone.

    Raises:
        Refusal: 400 with the parameter at fault, or 404 for a model that is not known.
    """
    model = openai_models.find(request.model, today)
    items = [_resolved(item, index, find) for index, item in enumerate(request.items)]
    messages = _messages([*before, *items])
    if request.instructions:
        messages.insert(0, {"role": "system", "content": request.instructions})
    if not messages:
        raise _refuse("invalid_value", "Invalid 'input': it holds no message.", "input")
    output = (request.text and request.text.format) or {"type": "text"}
    body: dict[str, Any] = {
        "model": request.model,
        "messages": messages,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_completion_tokens": request.max_output_tokens,
        "parallel_tool_calls": request.parallel_tool_calls if request.tools else None,
        "reasoning_effort": request.reasoning and request.reasoning.effort,
        "response_format": output,
        "tools": [_tool(tool, index) for index, tool in enumerate(request.tools or ())] or None,
        "tool_choice": _choice(request),
    }
    try:
        chat = ChatRequest.model_validate(body)
        chat_rules.check(chat, model.on_responses)
    except ValidationError as error:
        raise _renamed(refusal_for(error.errors(include_url=False)[0])) from None
    except Refusal as refusal:
        raise _renamed(refusal) from None
    return chat


def _resolved(item: Item, index: int, find: Callable[[str], Item | None]) -> Item:
    """The item itself, or the one that it refers to."""
    kind = item.get("type")
    if kind != "item_reference" and not (kind is None and set(item) == {"id"}):
        return {"type": "message", **item} if kind is None else item
    known = find(str(item.get("id")))
    if known is None:
        message = f"Item with id '{str(item.get('id'))[:80]}' not found. Send the item itself."
        raise Refusal("openai", "not_found", message, f"input[{index}].id")
    return known


def _messages(items: list[Item]) -> list[Item]:
    """The items as chat messages: calls side by side share one, with their outputs behind it."""
    outputs = {
        str(item.get("call_id")): _text(item.get("output"), f"input[{index}].output")
        for index, item in enumerate(items)
        if item.get("type") == "function_call_output"
    }
    messages: list[Item] = []
    called: set[str] = set()
    for index, item in enumerate(items):
        kind, param = item.get("type"), f"input[{index}]"
        if kind == "function_call":
            call_id = str(item.get("call_id"))
            if call_id not in outputs:
                message = f"No tool output found for function call {call_id[:80]}."
                raise _refuse("invalid_request", message, "input")
            called.add(call_id)
            function = {name: item.get(name) for name in ("name", "arguments")}
            call = {"id": call_id, "type": "function", "function": function}
            if not index or items[index - 1].get("type") != "function_call":
                calls: list[Item] = []  # those side by side are one message
                messages.append({"role": "assistant", "content": None, "tool_calls": calls})
            calls.append(call)
            messages.append({"role": "tool", "tool_call_id": call_id, "content": outputs[call_id]})
        elif kind == "message":
            text = _text(item.get("content"), f"{param}.content")
            messages.append({"role": item.get("role"), "content": text})
        elif kind == "function_call_output":
            if str(item.get("call_id")) not in called:
                message = (
                    "No tool call found for function call output with call_id "
                    f"{str(item.get('call_id'))[:80]}."
                )
                raise _refuse("invalid_request", message, "input")
        elif kind not in _PASSED_OVER:
            raise _beyond(f"input of type {str(kind)[:50]!r}", f"{param}.type")
    return messages


def _text(content: Any, param: str) -> str:
    """A text, or a list of text parts, as one text."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        message = f"Invalid type for '{param}': expected a string or an array."
        raise _refuse("invalid_type", message, param)
    for index, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind != "refusal" and not (kind in _TEXTS and isinstance(part.get("text"), str)):
            raise _beyond(f"content of type {str(kind)[:50]!r}", f"{param}[{index}].type")
    return "".join(part.get("text", "") for part in content)


def _tool(tool: FunctionTool, index: int) -> Item:
    if tool.type != "function":
        raise _beyond(f"tools of type {tool.type[:50]!r}", f"tools[{index}].type")
    function = tool.model_dump(include={"name", "description", "parameters"})
    return {"type": "function", "function": function}


def _choice(request: ResponsesRequest) -> Any:
    """The `tool_choice` as a chat request has it; `auto` needs no tools here."""
    choice = request.tool_choice
    if choice == "auto" and not request.tools:
        return None
    if isinstance(choice, dict) and choice.get("type") == "function":
        return {"type": "function", "function": {"name": choice.get("name")}}
    return choice


def _renamed(refusal: Refusal) -> Refusal:
    """A refusal of the chat request with the parameters as this API calls them."""
    param = (refusal.param or "").replace(".function", "")
    message = refusal.message.replace("].function", "]")
    for chat, here in _PARAMS:
        param = param.replace(chat, here)
        message = message.replace(f"'{chat}", f"'{here}")
    return Refusal("openai", refusal.name, message, param or None)


def _beyond(what: str, param: str) -> Refusal:
    message = (
        f"voicekit's stand-in has no language model and does not support {what}. It takes text "
        "and the outputs of functions, and answers with text or calls of functions."
    )
    return _refuse("unsupported_value", message, param)


def _refuse(name: str, message: str, param: str) -> Refusal:
    return Refusal("openai", name, message, param)
