"""What an answer yields, read piece by piece: text, tool calls, chunks, or another server's bytes.

A server's bytes are cut into events, and each event is parsed: what is passed on is known to be
sound. Its bytes stay with it, so that passing it on unchanged costs nothing; an event that has one
meaning though something is wrong in it is mended and written anew.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from voicekit.errors import UpstreamError
from voicekit.webhook import mending
from voicekit.webhook.thoughts import Thoughts

_LONGEST_EVENT = 1 << 20  # bytes; a chunk has a few hundred
_STRING, _OBJECT = (str, type(None)), (dict, type(None))  # a union would be made at each word


@dataclass(frozen=True)
class ToolCall:
    """A call of a function of `turn.tools`; the platform runs it and comes back with its result.

    Args:
        name: the function's.
        arguments: by name, or JSON text.
        id: by which the result comes back; made from the turn's key unless given.
    """

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str | None = None

    def delta(self, index: int, turn_key: str) -> dict[str, Any]:
        """The call as a chunk's `delta.tool_calls` has it."""
        given = self.arguments
        arguments = given if isinstance(given, str) else json.dumps(dict(given), allow_nan=False)
        return {
            "index": index,
            "id": self.id or f"call_{turn_key[:16]}_{index}",
            "type": "function",
            "function": {"name": self.name, "arguments": arguments},
        }


@dataclass(slots=True)
class Piece:
    """A piece of an answer; of another server's event, also the event and its bytes."""

    text: str = ""
    calls: list[dict[str, Any]] | None = None
    finish: str | None = None
    usage: dict[str, Any] | None = None
    call: ToolCall | None = None
    opens: bool = False
    """It says whose words these are: the `role` that a stream begins with."""
    last: bool = False
    """It is `[DONE]`."""
    raw: bytes = b""
    """The event as it came, if it can be passed on like that."""
    chunk: dict[str, Any] | None = None

    def event(self) -> bytes:
        """The event to pass on, with the text and the calls that the piece has now."""
        if self.raw:
            return self.raw
        assert self.chunk is not None  # noqa: S101
        if self.chunk.get("choices"):
            delta = self.chunk["choices"][0]["delta"]
            if self.text or delta.get("content"):
                delta["content"] = self.text
        return b"data: " + mending.dumps(self.chunk) + b"\n\n"


def items(answered: Any) -> AsyncIterable[Any] | Iterable[Any]:
    """What an answer yields, whatever was written: also one item, or nothing.

    Raises:
        TypeError: it is something else.
    """
    if answered is None:
        return ()
    if isinstance(answered, str | bytes | ToolCall):
        return (answered,)
    if isinstance(answered, AsyncIterable | Iterable):
        return answered
    raise TypeError(f"An answer is an async generator, not {type(answered).__name__}.")


class Reader:
    """Reads what an answer yields, one item after the other.

    A model's thoughts, `<think>…</think>`, are left out of text and chunks; bytes pass as they are.
    """

    def __init__(self) -> None:
        self._events = Events()
        self._thoughts = Thoughts()
        self._halves = mending.Halves()

    def read(self, item: Any) -> list[Piece]:
        """The pieces that are complete with a string, tool call, chunk or block of bytes.

        Raises:
            TypeError: it is something else.
            UpstreamError: bytes or a chunk that are not a chat completion's.
        """
        if isinstance(item, bytes):
            pieces = self._events.feed(item)
            if len(pieces) == 1 and pieces[0].raw and not self._halves.held:
                return pieces  # as nearly all come
            return self._whole(pieces)
        piece = Piece(item) if isinstance(item, str) else _piece(item)
        if piece is None:
            return []
        text = self._thoughts.take(piece.text)
        if piece.finish:
            text += self._thoughts.end()
        if text != piece.text:
            piece.text, piece.raw = text, b""
        return self._whole([piece] if text or not isinstance(item, str) else [])

    def end(self) -> list[Piece]:
        """Nothing more comes; return the pieces that had no end of their own.

        Raises:
            UpstreamError: an event has begun and not ended.
        """
        rest = [Piece(text)] if (text := self._thoughts.end()) else []
        return self._whole([*rest, *self._events.end(), Piece(last=True)])[:-1]

    def _whole(self, pieces: list[Piece]) -> list[Piece]:
        """The pieces with whole characters: a character cut in two comes with its second half."""
        if not self._halves.held and all(map(_is_whole, pieces)):
            return pieces
        whole = []
        for piece in pieces:
            text = self._halves.take("", piece.text)
            if piece.finish or piece.last:
                text += self._halves.rest("")
            if text != piece.text:
                piece.text, piece.raw = text, b""
            for call in piece.calls or ():
                function = call.get("function") or {}
                arguments = function.get("arguments") or ""
                joined = self._halves.take(call.get("index", 0), arguments)
                if joined != arguments:
                    function["arguments"], piece.raw = joined, b""
            if piece.last and piece.text:
                whole.append(Piece(piece.text))
                piece.text = ""
            whole.append(piece)
        return whole


def _is_whole(piece: Piece) -> bool:
    """Whether no character of it was cut in two; a sound event's bytes hold none."""
    return bool(piece.raw) or (not piece.calls and mending.is_whole(piece.text))


class Events:
    """Cuts a stream of server-sent events; takes blocks cut anywhere, and any line ending."""

    def __init__(self) -> None:
        self._rest = b""
        self._halfway = False  # a CR has come: it ends a line, and its LF may follow

    def feed(self, block: bytes) -> list[Piece]:
        """Return the events that are complete.

        Raises:
            UpstreamError: one is not a chat completion's, or says that the server failed.
        """
        if not self._rest and _is_one(block):
            self._halfway = False
            piece = _parsed(block[6:-2], block)
            return [] if piece is None else [piece]
        if self._halfway and block.startswith(b"\n"):
            block = block[1:]
            self._halfway = False
        if b"\r" in block:
            self._halfway = block.endswith(b"\r")
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        elif block:
            self._halfway = False
        *whole, self._rest = (self._rest + block if self._rest else block).split(b"\n\n")
        if len(self._rest) > _LONGEST_EVENT:
            raise UpstreamError("An event was longer than 1 MiB.", "malformed")
        return [piece for event in whole for piece in _some(_event(event))]

    def end(self) -> list[Piece]:
        """Return the last event, if only the blank line behind it is missing.

        Raises:
            UpstreamError: an event has begun and not ended.
        """
        rest, self._rest = self._rest.strip(b"\n"), b""
        try:
            return _some(_event(rest))
        except UpstreamError as error:
            if error.reason != "malformed":
                raise
            raise UpstreamError("The stream broke off within an event.", "dropped") from None


def _some(piece: Piece | None) -> list[Piece]:
    return [] if piece is None else [piece]


def _is_one(block: bytes) -> bool:
    """Whether it is one event and nothing else, as a live stream comes: worth a short cut."""
    return (
        block[:7] == b"data: {"
        and block[-3:] == b"}\n\n"
        and block.count(b"\n") == 2
        and b"\r" not in block
    )


def _event(event: bytes) -> Piece | None:
    if event.startswith(b"data: ") and b"\n" not in event:
        data = event[6:]
    else:
        lines = (line.partition(b":") for line in event.removeprefix(b"\xef\xbb\xbf").split(b"\n"))
        parts = [value.removeprefix(b" ") for name, _, value in lines if name == b"data"]
        data = b"".join(parts)  # between JSON's tokens a line break means nothing
    data = data.strip()
    if not data:
        return None  # a comment that keeps the connection open
    if data == b"[DONE]":
        return Piece(last=True)
    return _parsed(data, b"data: " + data + b"\n\n")


def _parsed(data: bytes, raw: bytes) -> Piece | None:
    try:
        chunk = from_json(data, allow_inf_nan=False, cache_strings="keys")  # keep nobody's words
    except ValueError:
        raw = b""
        try:
            chunk = mending.loads(data)
        except ValueError:
            raise UpstreamError("An event was not JSON.", "malformed") from None
    return _read(chunk, raw)


def _read(chunk: Any, raw: bytes) -> Piece | None:
    """The piece of one chunk: of its first choice, since a voice says one thing; perhaps none."""
    if not isinstance(chunk, dict):
        raise UpstreamError("An event was not a chat completion's chunk.", "malformed")
    if error := chunk.get("error"):
        raise UpstreamError.said(error)
    try:
        usage = chunk.get("usage")
        choices = chunk.get("choices") or ()
        if not choices:
            return Piece(usage=usage, raw=raw, chunk=chunk)
        choice = choices[0]
        finish = choice.get("finish_reason")
        delta = choice.get("delta")
        if delta is None:  # a filter's verdict, say; clients stumble over it
            if not (finish or usage):
                return None
            choice["delta"], delta, raw = {}, {}, b""
        text, calls = delta.get("content") or "", delta.get("tool_calls") or None
        sound = isinstance(text, str) and isinstance(finish, _STRING) and _sound(calls)
    except (AttributeError, TypeError, KeyError, IndexError):
        sound = False
    if not sound or not isinstance(usage, _OBJECT):
        raise UpstreamError("An event was not a chat completion's chunk.", "malformed")
    return Piece(text, calls, finish, usage, None, "role" in delta, False, raw, chunk)


def _sound(calls: Any) -> bool:
    return calls is None or (
        isinstance(calls, list)
        and all(
            isinstance(call, dict) and isinstance(call.get("function") or {}, dict)
            for call in calls
        )
    )


def _piece(item: Any) -> Piece | None:
    """A tool call, a chunk as a dict, or a chunk as an SDK's object."""
    if isinstance(item, ToolCall):
        return Piece(call=item)
    if isinstance(item, dict):
        return _read(item, b"")
    try:
        data = item.model_dump_json(exclude_unset=True).encode()
    except AttributeError:
        raise TypeError(
            f"An answer yields str, ToolCall, a chat completion chunk or bytes of one, not "
            f"{type(item).__name__}."
        ) from None
    except ValueError:  # half a character
        return _read(item.model_dump(exclude_unset=True), b"")
    return _read(from_json(data), b"data: " + data + b"\n\n")
