"""The scripted responder: what the stand-in says in place of a language model.

Four layers, the first that fits answers, and every answer says which it was:

1. `script`: a lesson's line, word for word;
2. `tool`: a rule calls one of the tools on offer, asks for a parameter that nobody named yet, or
   reads a result out;
3. `retrieval`: the nearest intent of a small support desk;
4. `fallback`: the admission that this is a script.

A pure function of the request: no clock, no chance, no memory. Of the history it uses what earlier
sentences named, the question it asked itself, and its last reply; of a system prompt nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voicekit.standin.http.refusals import Refusal
from voicekit.standin.openai import chat_rules
from voicekit.standin.openai.chat import ChatRequest, ToolFunction
from voicekit.standin.script import dialogue, lines, tool_results, tool_rules
from voicekit.standin.script.dialogue import Answer
from voicekit.standin.script.tool_rules import Call


def answer(request: ChatRequest) -> Answer:
    """The answer to a chat completion request."""
    said = [message.text for message in request.messages if message.role == "user"]
    if not said:
        return Answer("script", lines.fixed("opening"))
    tools = [tool.function for tool in request.tools or () if request.tool_choice != "none"]
    if request.messages[-1].role == "tool":
        return _after_results(request, tools, said)
    name = chat_rules.named(request.tool_choice)
    if name or request.tool_choice == "required":
        chosen = [tool for tool in tools if name in (None, tool.name)]
        return Answer("tool", calls=_allowed(_forced(chosen, said), request))
    agreed = dialogue.confirmed(said, _just_said(request), tools)
    if agreed:
        return Answer("tool", calls=_allowed(agreed, request))
    found = dialogue.decide(said, tools)
    text = found.text.replace("{last_reply}", _last_reply(request))
    return Answer(found.layer, text, _allowed(found.calls, request))


def _forced(tools: Sequence[ToolFunction], said: Sequence[str]) -> tuple[Call, ...]:
    """The calls that must be made.

    Raises:
        Refusal: 400, nobody named what they need; a model would have made something up.
    """
    plan = tool_rules.forced(tools, dialogue.heard(said))
    if not plan.calls:
        told = (
            f"'tool_choice' demands a call of {plan.tool.name!r}, whose {plan.missing!r} nobody "
            "has named. voicekit's stand-in has no language model and makes nothing up: say it in "
            "a message, or give the parameter a default."
        )
        raise Refusal("openai", "unsupported_value", told, "tool_choice")
    return plan.calls


def _allowed(calls: Sequence[Call], request: ChatRequest) -> tuple[Call, ...]:
    return tuple(calls if request.parallel_tool_calls is not False else calls[:1])


def _after_results(
    request: ChatRequest, tools: Sequence[ToolFunction], said: Sequence[str]
) -> Answer:
    """The calls that the caller's sentence still asks for, or else the results read out.

    No call is made twice and no more than `MOST_CALLS` in a turn, so that a loop ends; for the same
    reason a `tool_choice` that demands a call is not heeded here.
    """
    start = max(i for i, message in enumerate(request.messages) if message.role == "user")
    turn = request.messages[start:]
    made = [call.function for message in turn for call in message.tool_calls or ()]
    results = [tool_results.read(message.text) for message in turn if message.role == "tool"]
    if tools and len(made) < tool_rules.MOST_CALLS and not any(map(tool_results.failed, results)):
        plan = tool_rules.plan(tools, dialogue.heard(said, _fields(results)))
        past = [Call(call.name, tool_results.read(call.arguments)) for call in made]
        left = [call for call in plan.calls if call not in past] if plan else []
        if left:
            return Answer("tool", calls=_allowed(left, request))
    return Answer("tool", " ".join(tool_results.spoken(result) for result in results))


def _fields(results: Sequence[Any]) -> dict[str, Any]:
    """What the results hold by name, for the parameters of a tool that comes next."""
    objects = [result for result in results if isinstance(result, dict)]
    fields = {name: value for result in objects for name, value in result.items()}
    return {name: value for name, value in fields.items() if isinstance(value, str | int | float)}


def _just_said(request: ChatRequest) -> str:
    """Our words right before the caller's last ones; empty if there are none."""
    before = request.messages[-2] if len(request.messages) > 1 else None
    return before.text.strip() if before and before.role == "assistant" else ""


def _last_reply(request: ChatRequest) -> str:
    replies = [m.text for m in request.messages if m.role == "assistant" and m.text]
    return replies[-1] if replies else lines.fixed("silent")
