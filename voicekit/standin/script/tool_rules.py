"""Which tool a sentence calls for, and with what. Rules, no model: words against words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from typing import Any

from voicekit.standin.openai.chat import ToolFunction
from voicekit.standin.script import phrases, retrieval, slots
from voicekit.standin.script.tool_parameters import Heard, fill, name_words, question

MOST_CALLS = 8
"""Calls in one turn of the caller, whatever was said: a loop of tools ends."""

_ENOUGH = 0.4
_CLAUSE = re.compile(r"\s+and\s+(?:also\s+|then\s+)?|[.;?!]\s+|,\s*(?:then|also)\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Call:
    """One tool call."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """Either calls, or a question for the parameter that keeps the tool from being called."""

    tool: ToolFunction
    calls: tuple[Call, ...] = ()
    missing: str = ""
    question: str = ""


def plan(tools: Sequence[ToolFunction], heard: Heard) -> Plan | None:
    """What the sentence calls for; None when it is no tool's business."""
    tool = _best(tools, heard.text)
    if tool is None:
        return None
    whole = plan_for(tool, heard)
    clauses = [clause for clause in _CLAUSE.split(heard.text, MOST_CALLS) if clause.strip()]
    calls: list[Call] = []
    for clause in clauses if len(clauses) > 1 else ():
        part = _best(tools, clause)
        if part is not None:
            said = plan_for(part, replace(heard, text=clause, slots=slots.extract(clause)))
            calls += [call for call in said.calls if call not in calls]
    if len(calls) >= max(len(whole.calls), 2) or len(calls) > len(whole.calls):
        return Plan(tool, tuple(calls[:MOST_CALLS]))
    return whole


def plan_for(tool: ToolFunction, heard: Heard) -> Plan:
    """Calls of this tool, or the question that must come first."""
    arguments, missing = fill(tool, heard)
    if missing:
        return Plan(tool, missing=missing[0], question=question(tool, missing[0]))
    return Plan(tool, tuple(Call(tool.name, known) for known in arguments[:MOST_CALLS]))


def forced(tools: Sequence[ToolFunction], heard: Heard) -> Plan:
    """The call when one must be made: the best tool of those whose parameters are known.

    A model would invent what nobody named; here the plan holds a question and no calls, if no tool
    can be called without.
    """
    ranked = sorted(tools, key=lambda one: -_score(one, heard.text))
    plans = [plan_for(tool, heard) for tool in ranked]
    return next((plan for plan in plans if plan.calls), plans[0])


def is_named(tool: ToolFunction, match: retrieval.Match | None) -> bool:
    """Whether an intent names this tool."""
    patterns = match.intent.tools if match else ()
    return any(fnmatchcase(tool.name.lower(), pattern) for pattern in patterns)


def _best(tools: Sequence[ToolFunction], text: str) -> ToolFunction | None:
    """The tool with the best score, the first of equals."""
    match = retrieval.best(text)
    rated = [(_score(tool, text) + is_named(tool, match), tool) for tool in tools]
    score, tool = max(rated, key=lambda pair: pair[0], default=(0.0, None))
    return tool if score >= _ENOUGH else None


def _score(tool: ToolFunction, text: str) -> float:
    """How much of the tool's name, and of its description, is in the sentence: 0 to 1."""
    said = _stems(text)
    name = _stems(tool.name) - _fillers()
    if not name or (name & _actions()) - said:
        return 0.0
    described = _stems((tool.description or "")[: slots.LONGEST]) - _fillers()
    return 0.7 * len(name & said) / len(name) + 0.3 * min(1.0, len(described & said) / 3)


@lru_cache(maxsize=512)
def _stems(text: str) -> frozenset[str]:
    return frozenset(phrases.stem(word) for word in name_words(text))


@cache
def _fillers() -> frozenset[str]:
    return frozenset(phrases.stem(word) for word in phrases.table()["tool_fillers"])


@cache
def _actions() -> frozenset[str]:
    return frozenset(phrases.stem(word) for word in phrases.table()["tool_actions"])
