"""A response body read as server-sent events of either of OpenAI's APIs, strictly.

Written for judging: a client forgives what is named here. The format of events is the HTML
standard's (https://html.spec.whatwg.org/multipage/server-sent-events.html), the chunks' OpenAI's.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

_FIELDS = ("data", "event", "id", "retry", "")  # the last is a comment: a line that starts with ":"
_QUOTED = 80
_ENDS = ("response.completed", "response.incomplete", "response.failed")


class Frame(NamedTuple):
    """An event: when it was complete, in seconds, and its data as JSON."""

    at: float
    data: Any


class Fault(NamedTuple):
    """Where a body is no stream of events. The code is one of the findings of `frames`."""

    code: str
    quoted: str = ""


class Stream:
    """What a body holds.

    Args:
        pieces: when each piece came, in seconds, and the piece.

    Attributes:
        frames: the events that hold JSON.
        faults: where the body breaks the format.
        done: whether `[DONE]` came, or the Responses API's last event.
        unfinished: whether the last event lacks its blank line.
        after_done: whether events follow it.
        first: when the first token came; of a body without events, when its first byte did.
        last: when the last token came, likewise.
        texts: what is to be spoken, piece by piece.
        calls: the tool calls put together, by index.
        roles: the roles that are named.
        finish_reasons: likewise.
        error: the message of an error event.
    """

    def __init__(self, pieces: Iterable[tuple[float, bytes]]) -> None:
        pieces = list(pieces)
        self.frames: list[Frame] = []
        self.faults: list[Fault] = []
        self.done = self.unfinished = self.after_done = False
        self.first: float | None = None
        self.last: float | None = None
        self.error: str | None = None
        self.texts: list[str] = []
        self.calls: dict[int | None, dict[str, str]] = {}
        self.roles: list[str] = []
        self.finish_reasons: list[str] = []
        self._events = 0
        self._completed = False
        self._read(pieces)
        if not self._events:
            self.faults = [Fault("no_frames", _quote(pieces))]
        if pieces and self.faults and not self.frames:
            self.first, self.last = pieces[0][0], pieces[-1][0]
        for frame in self.frames:
            self._hear(frame)

    @property
    def text(self) -> str:
        """What is to be spoken."""
        return "".join(self.texts)

    def _read(self, pieces: list[tuple[float, bytes]]) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")()
        rest, data, at = "", list[str](), 0.0
        for at, piece in pieces:
            try:
                rest += decoder.decode(piece)
            except UnicodeDecodeError:
                self.faults.append(Fault("bad_utf8"))
                return
            *lines, rest = rest.split("\n")
            for line in lines:
                data = self._line(line.removesuffix("\r"), data, at)
        if rest:
            data = self._line(rest, data, at)
        if data:
            self.unfinished = True
            self._event(data, at)

    def _line(self, line: str, data: list[str], at: float) -> list[str]:
        """The data lines of the event under way, with this line or without."""
        if not line:
            if data:
                self._event(data, at)
            return []
        name, _, value = line.partition(":")
        if name not in _FIELDS:
            self.faults.append(Fault("bad_line", line[:_QUOTED]))
        return [*data, value.removeprefix(" ")] if name == "data" else data

    def _event(self, data: list[str], at: float) -> None:
        self._events += 1
        if data == ["[DONE]"] and self._completed:
            return  # OpenAI sends none behind `response.completed`, and no client minds
        self.after_done = self.done
        if data == ["[DONE]"]:
            self.done = True
            return
        text = "\n".join(data)
        try:
            frame = Frame(at, json.loads(text))
            self.frames.append(frame)
            self._completed = self._completed or _kind(frame.data) in _ENDS
            self.done = self.done or self._completed
        except (ValueError, RecursionError):
            if len(data) > 1:  # several events run together, each perhaps sound by itself
                self.faults.append(Fault("no_blank_line", text[:_QUOTED]))
                for line in data:
                    self._event([line], at)
            else:
                self.faults.append(Fault("bad_json", text[:_QUOTED]))

    def _hear(self, frame: Frame) -> None:
        told = frame.data
        if kind := _kind(told):
            self._hear_event(kind, told, frame.at)
            return
        if isinstance(told, dict) and told.get("error"):
            self._fail(told["error"])
        for choice in _objects(told, "choices"):
            # `message` is no stream's: `chunks` says so, here it is understood all the same.
            delta = _object(choice, "delta") or _object(choice, "message")
            said, role, reason = (
                delta.get("content"),
                delta.get("role"),
                choice.get("finish_reason"),
            )
            calls = _objects(delta, "tool_calls")
            for call in calls:
                self._call(call)
            for words, word in (
                (self.texts, said), (self.roles, role), (self.finish_reasons, reason),
            ):  # fmt: skip
                if isinstance(word, str) and word:
                    words.append(word)
            if said or calls:
                self._token(frame.at)

    def _hear_event(self, kind: str, told: dict[str, Any], at: float) -> None:
        """An event of the Responses API."""
        item, place, delta = _object(told, "item"), told.get("output_index"), told.get("delta")
        if kind == "error":
            self._fail(told)
        elif kind in _ENDS:
            response = _object(told, "response")
            self.finish_reasons.append(str(response.get("status") or kind))
            if kind == "response.failed":
                self._fail(response.get("error"))
        elif kind == "response.output_item.added" and item.get("role"):
            self.roles.append(str(item["role"]))
        elif kind == "response.output_text.delta" and isinstance(delta, str) and delta:
            self.texts.append(delta)
            self._token(at)
        elif kind == "response.output_item.done" and item.get("type") == "function_call":
            call = {"id": "call_id", "name": "name", "arguments": "arguments"}
            known = place if isinstance(place, int) else None
            self.calls[known] = {name: str(item.get(key) or "") for name, key in call.items()}
            self._token(at)

    def _fail(self, error: Any) -> None:
        message = error.get("message") if isinstance(error, dict) else error
        self.error = self.error or str(message or "no message")

    def _token(self, at: float) -> None:
        self.first = at if self.first is None else self.first
        self.last = at

    def _call(self, part: dict[str, Any]) -> None:
        index, function = part.get("index"), _object(part, "function")
        known = index if isinstance(index, int) else None
        call = self.calls.setdefault(known, {"id": "", "name": "", "arguments": ""})
        call["id"] = call["id"] or str(part.get("id") or "")
        call["name"] += str(function.get("name") or "")
        call["arguments"] += str(function.get("arguments") or "")


def _kind(data: Any) -> str:
    """The type of an event of the Responses API; chunks have none."""
    kind = data.get("type") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) and "choices" not in data else ""


def _object(data: Any, name: str) -> dict[str, Any]:
    """The object of that name; empty if there is none."""
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _objects(data: Any, name: str) -> list[dict[str, Any]]:
    """The objects of a list of that name."""
    found = data.get(name) if isinstance(data, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _quote(pieces: list[tuple[float, bytes]]) -> str:
    return b"".join(piece for _, piece in pieces[:20])[:_QUOTED].decode("utf-8", "replace")
