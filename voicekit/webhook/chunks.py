"""The three forms of an answer: server-sent events, plain text, one JSON object. No I/O.

Each takes pieces and gives the bytes to send. Events of another server keep their bytes unless
something in them has to change.
"""

from __future__ import annotations

import json
import time
import uuid
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

from voicekit.errors import UpstreamError
from voicekit.webhook.limit import Limit
from voicekit.webhook.pieces import Piece
from voicekit.webhook.turn import Turn

_NOTHING = {
    "length": " The tokens were used up before the first word, by reasoning perhaps: allow more.",
    "content_filter": " The server's filter kept the answer back.",
}
_CHARACTERS_PER_TOKEN = 4  # for English, by OpenAI's rule of thumb: only where nobody counted


class Form(ABC):
    """An answer under way.

    Args:
        turn: what is answered.
        limit: how much may be said; None is any length.
    """

    content_type = "application/json"
    streams = True
    """Whether anything is sent before the end."""

    def __init__(self, turn: Turn, limit: Limit | None) -> None:
        self.turn = turn
        self.said = ""
        """The answer's words so far, without fillers and apologies."""
        self.finish: str | None = None
        self.calls: dict[int, dict[str, Any]] = {}
        self._places: dict[Any, int] = {}  # the call that a server's index means now
        self.over = False
        """Nothing more is wanted of the answer."""
        self._limit = limit
        self._usage: dict[str, Any] | None = None
        self._relayed = False
        self._told = False  # the reason why it ends was sent

    def take(self, piece: Piece) -> bytes:
        """Add a piece; return what to send."""
        if piece.last:
            self.over = True
            return b""
        if piece.call:
            piece.calls = [piece.call.delta(len(self.calls), self.turn.key)]
        text = piece.text
        if text and self._limit:
            text = self._limit.take(text)
            # A tool call may follow the words that are too many.
            self.over = bool(self._limit.reason) and not self.turn.tools
        changed = text != piece.text
        self.said += text
        if piece.calls and self._add(piece.calls):
            piece.raw = b""
        if piece.chunk is not None:
            self._relayed = True
            self._usage = piece.usage or self._usage
        self.finish = piece.finish or self.finish
        if changed:
            piece.text, piece.raw = text, b""
            if not (text or piece.calls or piece.finish):
                return b""
        if piece.finish and not self._answered:
            return b""  # `end` has to say something before the reason
        self._told = self._told or bool(piece.finish)
        return self._bytes(piece)

    def end(self) -> bytes:
        """The answer is complete; return the rest to send.

        Raises:
            UpstreamError: it is not: it came from another server, which did not say that; or it
                holds nothing.
        """
        cut = self._limit and self._limit.reason
        if self._relayed and not self.finish and not self.over and not cut:
            raise UpstreamError("The stream ended before the answer did.", "dropped")
        if not self._answered:
            why = _NOTHING.get(self.finish or "", "")
            raise UpstreamError(f"Neither a word nor a tool call was answered.{why}", "empty")
        self.finish = self.finish or ("tool_calls" if self.calls else cut or "stop")
        return self._end(self._told)

    @property
    def _answered(self) -> bool:
        """Whether there is something to hear or to do."""
        return bool(self.calls or self.said.strip())

    @abstractmethod
    def say(self, text: str) -> bytes:
        """Words of ours: a filler."""

    @abstractmethod
    def fail(self, apology: str, error: dict[str, Any]) -> bytes:
        """Words for the caller, and what went wrong for the platform."""

    @abstractmethod
    def _bytes(self, piece: Piece) -> bytes: ...

    @abstractmethod
    def _end(self, told: bool) -> bytes: ...

    def usage(self) -> dict[str, Any]:
        """The token counts of whoever counted, or an estimate that says so."""
        if self._usage is not None:
            return self._usage
        asked = sum(len(str(message.get("content") or "")) for message in self.turn.messages)
        called = sum(len(call["function"]["arguments"]) for call in self.calls.values())
        prompt = -(-asked // _CHARACTERS_PER_TOKEN)
        completion = -(-(len(self.said) + called) // _CHARACTERS_PER_TOKEN)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "estimated": True,
        }

    def _add(self, calls: list[dict[str, Any]]) -> bool:
        """Put tool calls together: identity comes once, the arguments in fragments.

        Returns whether a fragment had to be mended. Servers number calls as text, not at all, or
        all of them alike, leave their ids out, and give arguments that are no text.
        """
        before = json.dumps(calls)
        for part in calls:
            function = part["function"] = part.get("function") or {}
            arguments = function.get("arguments") or ""
            if not isinstance(arguments, str):
                arguments = function["arguments"] = json.dumps(arguments)
            given = part.get("index")
            given = given if isinstance(given, int | str) else None
            given = int(given) if isinstance(given, str) and given.isdecimal() else given
            index = self._places.get(given)
            call = None if index is None else self.calls[index]
            if call is None or _begins(call, part):
                index = self._places[given] = len(self.calls)
                part["id"] = part.get("id") or f"call_{self.turn.key[:16]}_{index}"
                call = self.calls[index] = {
                    "id": part["id"],
                    "type": "function",
                    "function": {"name": "", "arguments": ""},
                }
            part["index"] = index
            call["function"]["name"] = function.get("name") or call["function"]["name"]
            call["function"]["arguments"] += arguments
        return json.dumps(calls) != before


def _begins(call: dict[str, Any], part: dict[str, Any]) -> bool:
    """Whether a fragment with the index of a call that has begun is the next call's first."""
    if part.get("id"):
        return bool(part["id"] != call["id"])
    return bool(part["function"].get("name") and call["function"]["arguments"])


class Events(Form):
    """Server-sent events: what the platform and OpenAI's clients read."""

    content_type = "text/event-stream; charset=utf-8"

    def __init__(self, turn: Turn, limit: Limit | None) -> None:
        super().__init__(turn, limit)
        self._opened = False
        self._counted = False

    @cached_property
    def _head(self) -> bytes:
        """The beginning of each chunk of ours; a relayed answer needs none."""
        head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": self.turn.model,
        }
        return b"data: " + json.dumps(head, separators=(",", ":")).encode()[:-1]

    def say(self, text: str) -> bytes:
        """A filler, or an apology."""
        return self._own(json.dumps({"content": text}).encode())

    def fail(self, apology: str, error: dict[str, Any]) -> bytes:
        """An apology, and the error event by which a client knows."""
        if self.said and not self.said[-1].isspace():
            apology = f" {apology}"
        return self.say(apology) + b"data: " + json.dumps({"error": error}).encode() + b"\n\n"

    def _bytes(self, piece: Piece) -> bytes:
        self._counted = self._counted or piece.usage is not None
        if piece.chunk is not None:
            if self._opened and piece.opens and not (piece.text or piece.calls or piece.finish):
                return b""  # we have begun ourselves, with a filler
            if self._opened or piece.opens:
                self._opened = True
                return piece.event()
            if not (piece.text or piece.calls or piece.finish):
                return piece.event()  # counts, or an empty chunk that keeps the connection open
            return self._opening() + piece.event()
        delta: dict[str, Any] = {"content": piece.text} if piece.text else {}
        if piece.calls:
            delta["tool_calls"] = piece.calls
        return self._own(json.dumps(delta).encode(), piece.finish)

    def _end(self, told: bool) -> bytes:
        ending = b"" if told else self._own(b"{}", self.finish)
        if self.turn.wants_usage and not self._counted:
            ending += self._head + b',"choices":[],"usage":'
            ending += json.dumps(self.usage()).encode() + b"}\n\n"
        return ending + b"data: [DONE]\n\n"

    def _own(self, delta: bytes, finish: str | None = None) -> bytes:
        reason = json.dumps(finish).encode()
        chunk = b'%b,"choices":[{"index":0,"delta":%b,"finish_reason":%b}]}\n\n'
        return self._opening() + chunk % (self._head, delta, reason)

    def _opening(self) -> bytes:
        """The role, once, before anything is said."""
        if self._opened:
            return b""
        self._opened = True
        return self._own(b'{"role":"assistant","content":""}')


class Plain(Form):
    """The words alone, as the article's webhook sends them; no platform reads this."""

    content_type = "text/plain; charset=utf-8"

    def say(self, text: str) -> bytes:
        """A filler, or an apology."""
        return text.encode()

    def fail(self, apology: str, error: dict[str, Any]) -> bytes:  # noqa: ARG002  nowhere to say it
        """The apology: there is no other way to tell."""
        return self.say(f" {apology}" if self.said else apology)

    def _bytes(self, piece: Piece) -> bytes:
        return piece.text.encode()

    def _end(self, told: bool) -> bytes:  # noqa: ARG002
        return b""


class Whole(Form):
    """One JSON object at the end, for `"stream": false`."""

    streams = False

    def say(self, text: str) -> bytes:  # noqa: ARG002  there is no waiting to fill
        """Nothing: whoever reads the whole at once does not hear a pause."""
        return b""

    def fail(self, apology: str, error: dict[str, Any]) -> bytes:  # noqa: ARG002
        """The error, as OpenAI's API has it."""
        return json.dumps({"error": error}).encode()

    def _bytes(self, piece: Piece) -> bytes:  # noqa: ARG002
        return b""

    def _end(self, told: bool) -> bytes:  # noqa: ARG002
        message: dict[str, Any] = {"role": "assistant", "content": self.said or None}
        if self.calls:
            message["tool_calls"] = [self.calls[index] for index in sorted(self.calls)]
        elif message["content"] is None:
            message["content"] = ""
        completion = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": self.turn.model,
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish}],
            "usage": self.usage(),
        }
        return json.dumps(completion).encode()
