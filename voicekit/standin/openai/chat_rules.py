"""The rules for a chat request that relate one parameter to another, or to the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicekit.standin.http.refusals import Refusal

if TYPE_CHECKING:
    from voicekit.standin.catalog.openai_models import Model
    from voicekit.standin.openai.chat import ChatRequest, Message

_CHOICES = ("none", "auto", "required")


def as_list(value: object) -> object:
    """A single string as a list of one."""
    return [value] if isinstance(value, str) else value


def check(request: ChatRequest, model: Model) -> None:
    """Refuse what no single field's type can rule out, or what `model` does not take.

    Raises:
        Refusal: with the parameter at fault.
    """
    _check_effort(request, model)
    _check_model(request, model)
    _check_scope(request)
    for index, message in enumerate(request.messages):
        _check_content(message, f"messages[{index}]")
    _check_tool_messages(request.messages)
    _check_tools(request)


def _check_effort(request: ChatRequest, model: Model) -> None:
    effort, param = request.reasoning_effort, "reasoning_effort"
    if effort and not model.efforts and model.owned_by != "voicekit":
        message = f"Unrecognized request argument supplied: {param}"
        raise _refusal("invalid_request", message, param)
    if effort and model.efforts and effort not in model.efforts:
        values = ", ".join(f"'{value}'" for value in model.efforts)
        message = (
            f"Unsupported value: '{param}' does not support '{effort}' with this model. "
            f"Supported values are: {values}."
        )
        raise _refusal("unsupported_value", message, param)
    if request.tools and "tools" in model.unsupported_reasoning and request.effort != "none":
        message = (
            f"Function tools with {param} are not supported for {model.id} in "
            f"/v1/chat/completions. To use function tools, use /v1/responses or set {param} "
            "to 'none'."
        )
        raise _refusal("invalid_request", message, param)


def _check_model(request: ChatRequest, model: Model) -> None:
    if "max_tokens" in model.unsupported and request.max_tokens is not None:
        raise _refusal(
            "unsupported_parameter",
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "max_tokens",
        )
    if request.max_tokens is not None and request.max_completion_tokens is not None:
        raise _refusal(
            "invalid_parameter_combination",
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
            "max_tokens",
        )
    if "stop" in model.unsupported and request.stop:
        said = "Unsupported parameter: 'stop' is not supported with this model."
        raise _refusal("unsupported_parameter", said, "stop")
    reasoning = model.unsupported_reasoning if request.effort != "none" else frozenset()
    for name in ("temperature", "top_p"):
        value = getattr(request, name)
        if name in model.unsupported | reasoning and value not in (None, 1):
            said = (
                f"Unsupported value: '{name}' does not support {value:g} with this model. "
                "Only the default (1) value is supported."
            )
            raise _refusal("unsupported_value", said, name)
    if request.prompt_tokens > model.context:
        said = (
            f"This model's maximum context length is {model.context} tokens. "
            f"However, your messages resulted in {request.prompt_tokens} tokens."
        )
        raise _refusal("context_length_exceeded", said, "messages")


def _check_scope(request: ChatRequest) -> None:
    """What OpenAI can do and a script cannot is refused, not left out."""
    formats = (request.response_format or {}).get("type", "text")
    beyond = {
        "n": (request.n or 1) > 1,
        "logprobs": bool(request.logprobs),
        "modalities": set(request.modalities or ()) - {"text"},
        "response_format": formats != "text",
        "functions": request.functions is not None,
    }
    for param, asked in beyond.items():
        if asked:
            said = (
                f"voicekit's stand-in has no language model and does not support {param!r} "
                f"as sent here. It gives one choice of text, or calls 'tools'."
            )
            raise _refusal("unsupported_value", said, param)
    if request.stream_options is not None and not request.stream:
        said = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise _refusal("invalid_request", said, "stream_options")
    if len(request.stop or ()) > 4:
        raise _refusal("array_above_max_length", "Invalid 'stop': more than 4 sequences.", "stop")


def _check_content(message: Message, param: str) -> None:
    for index, part in enumerate(message.content or ()):
        if part.type not in ("text", "refusal"):
            said = (
                f"Invalid value: {part.type[:50]!r}. The scripted stand-in reads text only; "
                "it neither sees images nor hears audio."
            )
            raise _refusal("invalid_value", said, f"{param}.content[{index}].type")
    if message.content is None and not (message.role == "assistant" and message.tool_calls):
        said = f"Invalid value for 'content': expected a string, got null, in '{param}'."
        raise _refusal("invalid_type", said, f"{param}.content")


def _check_tool_messages(messages: list[Message]) -> None:
    """Every tool call is answered once, right behind it, and nothing else is."""
    open_calls: list[str] = []
    for index, message in enumerate(messages):
        param = f"messages.[{index}].role"
        if message.role == "tool":
            if message.tool_call_id not in open_calls:
                said = (
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceding message with 'tool_calls' of the same id."
                )
                raise _refusal("invalid_request", said, param)
            open_calls.remove(message.tool_call_id)
            continue
        _check_answered(open_calls, param)
        open_calls = [call.id for call in message.tool_calls or ()]
    _check_answered(open_calls, f"messages.[{len(messages) - 1}].role")


def _check_answered(open_calls: list[str], param: str) -> None:
    if open_calls:
        said = (
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            f"to each 'tool_call_id'. Without a response: {', '.join(open_calls)[:200]}."
        )
        raise _refusal("invalid_request", said, param)


def _check_tools(request: ChatRequest) -> None:
    names = [tool.function.name for tool in request.tools or ()]
    for index, tool in enumerate(request.tools or ()):
        fault = _schema_fault(tool.function.parameters or {})
        if fault:
            said = f"Invalid schema for function '{tool.function.name}': {fault}."
            param = f"tools[{index}].function.parameters"
            raise _refusal("invalid_function_parameters", said, param)
    choice = request.tool_choice
    if not names and request.parallel_tool_calls is not None:
        said = "'parallel_tool_calls' is only allowed when 'tools' are specified."
        raise _refusal("invalid_request", said, "parallel_tool_calls")
    if choice is None:
        return
    if not names and choice != "none":
        said = "'tool_choice' is only allowed when 'tools' are specified."
        raise _refusal("invalid_request", said, "tool_choice")
    if choice not in _CHOICES and named(choice) not in names:
        said = (
            "Invalid 'tool_choice': expected 'none', 'auto', 'required' or "
            '{"type": "function", "function": {"name": …}} with a tool on offer.'
        )
        raise _refusal("invalid_value", said, "tool_choice")


def named(choice: Any) -> str | None:
    """The name in a `tool_choice` that names a function, else None."""
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else None


def _schema_fault(schema: dict[str, Any]) -> str | None:
    """What keeps a schema from being one of named parameters."""
    if schema.get("type", "object") != "object":
        return "schema must be a JSON schema of type 'object'"
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        return "'properties' must be an object"
    if not all(isinstance(part, dict) for part in properties.values()):
        return "every property must be an object"
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        return "'required' must be an array of strings"
    return None


def _refusal(name: str, message: str, param: str) -> Refusal:
    return Refusal("openai", name, message, param)
