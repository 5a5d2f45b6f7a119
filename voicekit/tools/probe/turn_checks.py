"""Whether the turns of a real call are answered: tools, extras, long and odd histories."""

from __future__ import annotations

import json
from typing import Any

from voicekit.tools.probe.exchange import Exchange
from voicekit.tools.probe.found import Found, failed
from voicekit.tools.probe.platform import RESPONSES, Body, Platform, history, table

_CALL_ID = "call_probe1042"


def tool_call(platform: Platform) -> Found:
    """With tools on offer, is a call well formed?"""
    tools = table()["tool"]
    asked = platform.say(table()["farewell"], tools=tools)
    if not asked.answered:
        return failed(asked)
    calls = asked.stream.calls
    if not calls:
        return Found.of("words", asked)
    offered = [tool["function"]["name"] for tool in tools]
    for index, call in calls.items():
        if fault := _call_fault(index, call, offered):
            return Found.of("bad_call", asked, fault=fault)
    ends = asked.stream.finish_reasons
    if platform.api != RESPONSES and "tool_calls" not in ends:
        return Found.of("finish_reason", asked, given=", ".join(ends) or "none")
    names = ", ".join(call["name"] for call in calls.values())
    return Found.of("ok", asked, names=names)


def _call_fault(index: Any, call: dict[str, str], offered: list[str]) -> str:
    """What is wrong with a call put together from its parts."""
    if not isinstance(index, int):
        return "it has no `index`"
    if not call["id"]:
        return "it has no `id`"
    if call["name"] not in offered:
        return f"the function {call['name']!r} was not on offer"
    try:
        arguments = json.loads(call["arguments"])
    except ValueError:
        arguments = None
    return "" if isinstance(arguments, dict) else "its arguments do not make a JSON object"


def tool_result(platform: Platform) -> Found:
    """Is the turn after a tool's execution answered? The call's message has `content: null`."""
    function = {"name": "get_order_status", "arguments": '{"order_id": "1042"}'}
    call = {"id": _CALL_ID, "type": "function", "function": function}
    asked = platform.say(
        table()["lookup"],
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": _CALL_ID, "content": table()["result"]},
        tools=table()["tool"],
    )
    return _answered(asked)


def extra_fields(platform: Platform) -> Found:
    """Are the platform's own fields put up with?"""
    return _answered(platform.say(table()["short"], **table()["extra"]))


def other_letters(platform: Platform) -> Found:
    """Is a turn in other alphabets answered, in UTF-8?"""
    asked = platform.say(table()["foreign"])
    if any(fault.code == "bad_utf8" for fault in asked.stream.faults):
        return Found.of("bad_utf8", asked)
    return _answered(asked)


def long_history(platform: Platform) -> Found:
    """Is the fifty-first turn answered, and in time?"""
    turns = table()["turns"]
    asked = platform.say(*history(turns, table()["turn"]), table()["short"])
    if not asked.answered or asked.first is None:
        return failed(asked)
    late = asked.first > table()["cascade_timeout"]
    limit = table()["cascade_timeout"]
    return Found.of("late" if late else "ok", asked, turns=turns, first=asked.first, limit=limit)


def odd_turns(platform: Platform) -> Found:
    """Are turns of a silent or an interrupting caller taken without an error?"""
    short: Body = {"role": "user", "content": table()["short"]}
    cut: Body = {"role": "assistant", "content": "I am about to"}
    odd: dict[str, list[Body | str]] = {
        "an empty one": [""],
        "an ellipsis": ["..."],
        "two in a row": ["Hello?", "Are you there?"],
        "one after a reply cut short": [short, cut, "Stop."],
    }
    asked = None
    for name, messages in odd.items():
        asked = platform.say(*messages)
        if not asked.ok or asked.stream.error is not None:
            found = failed(asked)
            return Found.of("refused_one", asked, turn=name, why=_why(found))
    return Found.of("ok", asked, turns=", ".join(odd))


def _why(found: Found) -> str:
    figures = found.figures
    return str(figures.get("said") or figures.get("why"))[:120]


def _answered(asked: Exchange) -> Found:
    return Found.of("ok", asked, first=asked.first) if asked.answered else failed(asked)
