"""A scripted answer as the tokens of a completion: cut by `stop` and the token limit, counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from voicekit.standin.openai.chat import ChatRequest
from voicekit.standin.script import tokens
from voicekit.standin.script.dialogue import Answer

Delta = dict[str, Any]


@dataclass(frozen=True)
class Completion:
    """What leaves, token by token.

    Attributes:
        text: the whole text; None when tools are called.
        tool_calls: the whole calls, as a message holds them.
        deltas: the same in pieces, as a stream sends them: one per token.
        finish_reason: `stop`, `length` or `tool_calls`.
        usage: the vendor's count of tokens.
    """

    text: str | None
    tool_calls: list[dict[str, Any]]
    deltas: list[Delta]
    finish_reason: str
    usage: dict[str, Any]


def complete(request: ChatRequest, answer: Answer, next_call_id: Callable[[], str]) -> Completion:
    """Cut an answer to what the request allows, and reasoning leaves of it."""
    room = None if request.limit is None else request.limit - request.reasoning_tokens
    if answer.calls:
        calls = [_call(next_call_id(), call.name, call.arguments) for call in answer.calls]
        deltas = [delta for index, call in enumerate(calls) for delta in _call_deltas(index, call)]
        cut = deltas if room is None else deltas[:room]
        whole = len(cut) == len(deltas)
        reason = "tool_calls" if whole else "length"
        kept = calls if whole else _joined(cut)
        return Completion(None, kept, cut, reason, _usage(request, len(cut)))
    text = _before_stop(answer.text, request.stop or [])
    pieces = tokens.split(text)
    kept_pieces = pieces if room is None else pieces[:room]
    reason = "stop" if len(kept_pieces) == len(pieces) else "length"
    content: list[Delta] = [{"content": piece} for piece in kept_pieces]
    usage = _usage(request, len(kept_pieces))
    return Completion("".join(kept_pieces), [], content, reason, usage)


def _before_stop(text: str, stops: list[str]) -> str:
    """The text up to the first stop sequence, without it."""
    ends = [text.find(stop) for stop in stops if stop]
    return text[: min((end for end in ends if end >= 0), default=len(text))]


def _call(call_id: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
    return {"id": call_id, "type": "function", "function": function}


def _call_deltas(index: int, call: dict[str, Any]) -> Iterator[Delta]:
    """The name first, with empty arguments, then the arguments in fragments."""
    head = {**call, "function": {"name": call["function"]["name"], "arguments": ""}}
    yield {"tool_calls": [{"index": index, **head}]}
    for piece in tokens.split(call["function"]["arguments"]):
        yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _joined(deltas: list[Delta]) -> list[dict[str, Any]]:
    """Cut calls as a message holds them: the last one's arguments end in the middle."""
    calls: list[dict[str, Any]] = []
    for delta in deltas:
        part = delta["tool_calls"][0]
        if "id" in part:
            calls.append({"id": part["id"], "type": "function", "function": dict(part["function"])})
        else:
            calls[-1]["function"]["arguments"] += part["function"]["arguments"]
    return calls


def _usage(request: ChatRequest, visible: int) -> dict[str, Any]:
    prompt_tokens, completion_tokens = request.prompt_tokens, visible + request.reasoning_tokens
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": request.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
