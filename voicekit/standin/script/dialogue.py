"""What follows from a caller's sentences: an answer, and perhaps a question that it leaves open.

There is no memory. Which question is open is found by answering the sentences before once more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from voicekit.standin.openai.chat import ToolFunction
from voicekit.standin.script import lines, retrieval, slots, tool_rules
from voicekit.standin.script.intents import Intent, intents
from voicekit.standin.script.itn import to_digits, words
from voicekit.standin.script.tool_parameters import Heard, kind_of
from voicekit.standin.script.tool_rules import Call, Plan

Layer = Literal["script", "tool", "retrieval", "fallback"]

_REMEMBERED = 6
"""Sentences of the caller that are looked back on."""

_ANOTHER = re.compile(r"\b(?:another|other|different|new)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What to say, or which tools to call, and the layer that decided it."""

    layer: Layer
    text: str = ""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class IntentQuestion:
    """We asked for the slot that an intent needs."""

    intent: Intent


@dataclass(frozen=True)
class ToolQuestion:
    """We asked for a tool's parameter; `said` and `answers` are what the caller said so far."""

    tool: ToolFunction
    missing: str
    said: str
    answers: Mapping[str, str] = field(default_factory=dict)


Question = IntentQuestion | ToolQuestion
Decision = tuple[Answer, Question | None]


def decide(said: Sequence[str], tools: Sequence[ToolFunction]) -> Answer:
    """The answer to the last of the caller's sentences, in the light of those before."""
    asked: Question | None = None
    for end in range(max(1, len(said) - _REMEMBERED), len(said)):
        _, asked = _decide(said[:end], tools, asked)
    return _decide(said, tools, asked)[0]


def confirmed(said: Sequence[str], reply: str, tools: Sequence[ToolFunction]) -> tuple[Call, ...]:
    """The calls that a yes to our last reply stands for, with the tool's confirmation set."""
    names = {tool.name: _confirmation(tool) for tool in tools}
    asking = [tool for tool in tools if names[tool.name]]
    if not asking or not reply.endswith("?"):
        return ()
    match = retrieval.best(said[-1])
    if match is None or match.intent.name != "affirm":
        return ()
    plan = tool_rules.plan(asking, heard([reply]))
    calls = plan.calls if plan else ()
    return tuple(Call(one.name, {**one.arguments, names[one.name]: True}) for one in calls)


def _confirmation(tool: ToolFunction) -> str:
    """The parameter that says the caller has agreed; empty if the tool has none."""
    properties = (tool.parameters or {}).get("properties", {})
    known = words()["confirmations"]["names"]
    found = (name for name, part in properties.items() if part.get("type") == "boolean")
    return next((name for name in found if name in known), "")


def heard(said: Sequence[str], fields: Mapping[str, Any] | None = None) -> Heard:
    """The last sentence and what surrounds it, for filling a tool's parameters."""
    text = said[-1][: slots.LONGEST]
    return Heard(text, slots.extract(text), _carried(said), fields or {}, {})


def _decide(said: Sequence[str], tools: Sequence[ToolFunction], asked: Question | None) -> Decision:
    line = lines.answer_to(said[-1])
    if line is not None:
        return Answer("script", line), None
    followed = _follow_up(said, asked) if asked else None
    if followed is not None:
        return followed
    match = retrieval.best(said[-1])
    plan = tool_rules.plan(tools, heard(said)) if tools else None
    if plan is not None and (plan.calls or not _better(match, plan)):
        return _from_plan(plan, said[-1], {})
    intent = match.intent if match else _bare_order(said[-1])
    if intent is None:
        return Answer("fallback", lines.fixed("fallback")), None
    return _from_intent(intent, said[-1], _carried(said))


def _bare_order(text: str) -> Intent | None:
    """What is meant by an order number and next to nothing else: the order's status."""
    others = re.findall(r"[a-z']+", to_digits(text[: slots.LONGEST]).lower())
    if "order" in slots.extract(text) and len(others) <= 2:
        return next(intent for intent in intents() if intent.needs == "order")
    return None


def _better(match: retrieval.Match | None, plan: Plan) -> bool:
    """Whether an intent answers at once what a tool could only ask about."""
    confident = match is not None and match.score >= retrieval.CONFIDENT
    return confident and not tool_rules.is_named(plan.tool, match)


def _follow_up(said: Sequence[str], asked: Question) -> Decision | None:
    """The decision once the caller named what was asked for; None if it was something else."""
    text, found = said[-1], slots.extract(said[-1])
    if isinstance(asked, IntentQuestion):
        return _from_intent(asked.intent, text, {}) if asked.intent.needs in found else None
    properties = (asked.tool.parameters or {}).get("properties", {})
    kind = kind_of(asked.missing, properties.get(asked.missing, {}))
    if kind not in found:
        match = retrieval.best(text)
        anything = kind is None or kind in words()["open"]
        if not anything or (match is not None and match.score >= retrieval.CONFIDENT):
            return None
    together = f"{asked.said}. {text}"
    answers = {**asked.answers, asked.missing: text}
    known = {**slots.extract(asked.said), **found}
    plan = tool_rules.plan_for(asked.tool, Heard(together, known, _carried(said), {}, answers))
    return _from_plan(plan, together, answers)


def _from_plan(plan: Plan, said: str, answers: Mapping[str, str]) -> Decision:
    if plan.calls:
        return Answer("tool", calls=plan.calls), None
    return Answer("tool", plan.question), ToolQuestion(plan.tool, plan.missing, said, answers)


def _from_intent(intent: Intent, text: str, carried: slots.Slots) -> Decision:
    if intent.needs is None:
        return Answer("retrieval", intent.answer), None
    values = slots.extract(text).get(intent.needs) or carried.get(intent.needs)
    if not values:
        return Answer("retrieval", intent.ask), IntentQuestion(intent)
    return Answer("retrieval", intent.answer.replace(f"{{{intent.needs}}}", values[0])), None


def _carried(said: Sequence[str]) -> slots.Slots:
    """What the sentences before the last one named, a later one in place of an earlier."""
    if _ANOTHER.search(said[-1][: slots.LONGEST]):
        return {}
    found: slots.Slots = {}
    for text in said[-_REMEMBERED:-1]:
        found |= {kind: values[-1:] for kind, values in slots.extract(text).items()}
    return {kind: values for kind, values in found.items() if kind in words()["carried"]}
