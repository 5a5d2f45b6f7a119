"""Whether the answer to one plain request is the stream that the platform reads."""

from __future__ import annotations

from typing import Any

from voicekit.tools.probe.exchange import Exchange
from voicekit.tools.probe.found import Found, failed
from voicekit.tools.probe.platform import RESPONSES, Platform, table

_WAITED = 0.3  # seconds for a whole answer, below which nobody can tell a stream from a blob
_SPREAD = 0.1  # of the time for the whole answer, at least, between its first and its last token


def _plain(platform: Platform) -> Exchange:
    assert platform.plain is not None  # noqa: S101  the registry runs no check without it
    return platform.plain


def content_type(platform: Platform) -> Found:
    """Does the response say that it is a stream of events?"""
    asked = _plain(platform)
    given = asked.header("content-type")
    right = given.lower().partition(";")[0].strip() == "text/event-stream"
    return Found.of("ok" if right else "other", asked, given=given or "none")


def frames(platform: Platform) -> Found:
    """Is every event `data: {json}` and a blank line?"""
    asked = _plain(platform)
    if asked.stream.faults:
        fault = asked.stream.faults[0]
        return Found.of(fault.code, asked, quoted=fault.quoted)
    return Found.of("ok", asked, frames=len(asked.stream.frames))


def chunks(platform: Platform) -> Found:
    """Does every event have the shape of a chat completion chunk, or of a response's event?"""
    asked = _plain(platform)
    stream = asked.stream
    responses = platform.api == RESPONSES
    for number, frame in enumerate(stream.frames, 1):
        fault = _event_fault(frame.data, number) if responses else _chunk_fault(frame.data)
        if fault:
            code = "bad_event" if responses else "bad_shape"
            return Found.of(code, asked, number=number, fault=fault)
    if not stream.text:
        return Found.of("no_text", asked)
    if not stream.finish_reasons:
        return Found.of("no_finish_reason", asked)
    if "assistant" not in stream.roles:
        return Found.of("no_role", asked)
    return Found.of("ok", asked, chunks=len(stream.frames))


def _chunk_fault(data: Any) -> str:
    """What keeps a frame from being a chunk; nothing if it is one, or an error event."""
    if not isinstance(data, dict):
        return "it is not an object"
    if data.get("error"):
        return ""
    if not isinstance(data.get("choices"), list):
        return "it has no list `choices`"
    for choice in data["choices"]:
        delta = choice.get("delta") if isinstance(choice, dict) else None
        if not isinstance(delta, dict):
            whole = isinstance(choice, dict) and "message" in choice
            return "it has `message` where a stream has `delta`" if whole else "it has no `delta`"
        if not isinstance(delta.get("content"), str | None):
            return "`delta.content` is neither text nor null"
    return ""


def _event_fault(data: Any, number: int) -> str:
    """What keeps a frame from being the event of this number in a response's stream."""
    if not isinstance(data, dict):
        return "it is not an object"
    if "choices" in data:
        return "it is a chat completion's chunk; the agent's api_type is then chat_completions"
    if data.get("error") or data.get("type") == "error":
        return ""
    if not isinstance(data.get("type"), str):
        return "it has no `type`"
    if data.get("sequence_number") != number - 1:
        return f"its `sequence_number` is {data.get('sequence_number')!r} and not {number - 1}"
    if data["type"].endswith(".delta") and not isinstance(data.get("delta"), str):
        return "its `delta` is not text"
    return ""


def done(platform: Platform) -> Found:
    """Does the stream say that it is over, and then end?"""
    asked = _plain(platform)
    stream = asked.stream
    if stream.error is not None:
        return Found.of("error_event", asked, said=stream.error[:200])
    if not stream.done:
        code = {"timeout": "never_ends", "broken": "breaks_off"}.get(asked.kind, "missing")
        return Found.of(code, asked, frames=len(stream.frames))
    if asked.kind == "timeout":
        return Found.of("stays_open", asked)
    if stream.after_done:
        return Found.of("goes_on", asked)
    return Found.of("no_blank_line" if stream.unfinished else "ok", asked)


def streams(platform: Platform) -> Found:
    """Do tokens leave as they are made?"""
    found = _streams(_plain(platform))
    if found.code != "one_blob":
        return found
    # The first request may have had to wait for something to load, and the rest been quick.
    asked = platform.say(table()["long"])
    return _streams(asked) if asked.answered else failed(asked)


def _streams(asked: Exchange) -> Found:
    stream = asked.stream
    first, last = stream.first or 0.0, stream.last or 0.0
    if stream.frames and len(stream.texts) == 1 and len(stream.text) > 40 and last > _WAITED:
        return Found.of("one_chunk", asked, last=last)
    if last < _WAITED:
        return Found.of("too_quick", asked, last=last)
    if last - first < _SPREAD * last:
        return Found.of("one_blob", asked, first=first, last=last)
    return Found.of("ok", asked, first=first, last=last, spread=last - first)


def first_token(platform: Platform) -> Found:
    """Does the first token come within the platform's patience, and how much of the budget's?"""
    cold = _plain(platform)
    asked = platform.say(table()["short"])
    limits = {"limit": table()["cascade_timeout"], "budget": table()["budget"]}
    if not asked.answered or asked.first is None or cold.first is None:
        return failed(asked)
    platform.usual = min(cold.first, asked.first)
    figures = {"first": asked.first, "cold": cold.first, "connect": asked.connecting, **limits}
    if max(asked.first, cold.first) > limits["limit"]:
        return Found.of("too_late", asked, **figures)
    return Found.of("slow" if asked.first > limits["budget"] else "ok", asked, **figures)
