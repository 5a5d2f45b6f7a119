"""System tools: what the platform itself does when the language model calls it.

Names, parameters and what they do: protocol of the hosted platform's custom language models,
https://elevenlabs.io/docs/agents-platform/customization/tools/system-tools. Those that need a
telephone or other agents say that the stand-in has none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from voicekit.standin.conversation.call import Call


@dataclass(frozen=True)
class Result:
    """What a tool gave back.

    Attributes:
        text: for the language model.
        says: what the agent says first, word for word.
        ends: why the call ends, when it does.
        waits: whether the agent says nothing more and waits for the caller.
    """

    text: str
    is_error: bool = False
    says: str = ""
    ends: str | None = None
    waits: bool = False

    @classmethod
    def error(cls, text: str) -> Result:
        """A tool that failed; a language model reads why."""
        return cls(json.dumps({"error": text}), is_error=True)


def definition(config: dict[str, Any]) -> dict[str, Any]:
    """A system tool as OpenAI's API names one; the agent may describe it in its own words."""
    known = _table().get(_kind(config), {"description": "", "parameters": {"type": "object"}})
    function = {
        "name": config["name"],
        "description": config.get("description") or known["description"],
        "parameters": known["parameters"],
    }
    return {"type": "function", "function": function}


def run(config: dict[str, Any], arguments: dict[str, Any], call: Call) -> Result:
    """Do what the tool says."""
    kind = _kind(config)
    if kind == "end_call":
        says = str(arguments.get("message") or "")
        return Result("The call ends.", says=says, ends="end_call tool was called.")
    if kind == "skip_turn":
        return Result("The agent waits.", waits=True)
    if kind == "language_detection":
        language = str(arguments.get("language") or "").lower()
        if not language:
            return Result.error("Name the language to switch to.")
        call.record.main_language = language
        return Result(f"Language switched to {language}.")
    return Result.error(f"The stand-in cannot do {kind}: it has no telephone and no other agents.")


def _kind(config: dict[str, Any]) -> str:
    return str((config.get("params") or {}).get("system_tool_type") or config["name"])


@cache
def _table() -> dict[str, dict[str, Any]]:
    file = resources.files("voicekit.standin").joinpath("data/system_tools.json")
    found: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8"))
    return found
