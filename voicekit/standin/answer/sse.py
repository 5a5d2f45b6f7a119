"""Server-sent events of a chat completion stream, read leniently as the hosted platform does."""

from __future__ import annotations

import codecs
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

from voicekit.standin.answer.model import ToolCall

DONE = "[DONE]"


class NotAStream(Exception):
    """What came is no stream of chat completion chunks; the message says what it is instead.

    `quoted` is what the server said: for the journal, and not for whoever is calling.
    """

    def __init__(self, said: str, quoted: object = "") -> None:
        super().__init__(said)
        self.quoted = str(quoted)


class Chunks:
    """Joins what a stream's chunks give in parts: tool calls, and characters cut in two."""

    def __init__(self) -> None:
        self.calls: list[dict[str, str]] = []
        self._places: dict[object, dict[str, str]] = {}  # the call that an index means now
        self._half = ""

    def text(self, data: str) -> str:
        """The text of one event, perhaps empty.

        Raises:
            NotAStream: the event is not a chunk, or says that something went wrong.
        """
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            raise NotAStream("an event was not JSON", data) from None
        if not isinstance(chunk, dict):
            raise NotAStream("an event was not a JSON object", data)
        if "error" in chunk:
            error = chunk["error"]
            said = error.get("message") if isinstance(error, dict) else error
            raise NotAStream("it sent an error", said)
        choices = chunk.get("choices", ...)
        if not isinstance(choices, list | None):
            raise NotAStream("an event had no 'choices', so it is no chunk", data)
        choice = choices[0] if choices else {}
        if not isinstance(choice, dict) or not isinstance(choice.get("delta"), dict | None):
            raise NotAStream("a chunk's choice was not one", data)
        if "message" in choice:
            raise NotAStream("a chunk had a message; stream: true asks for chunks, not a message")
        delta = choice.get("delta") or {}  # a content filter's verdict comes without one
        calls = delta.get("tool_calls") or []
        if not isinstance(calls, list) or not all(isinstance(part, dict) for part in calls):
            raise NotAStream("a chunk's tool calls were not objects", data)
        for part in calls:
            self._join(part)
        content = delta.get("content")
        text = self._half + (content if isinstance(content, str) else "")
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return whole(text.removesuffix(self._half))

    def finished(self) -> Iterator[ToolCall]:
        """The calls, once the stream is over."""
        for number, call in enumerate(self.calls):
            name, arguments = whole(call["name"]), whole(call["arguments"])
            yield ToolCall(call["id"] or f"call_{number}", name, arguments)

    def _join(self, part: dict[str, Any]) -> None:
        """Servers give calls numbers, numbers as text, one number for all of them, or none."""
        index, call_id = part.get("index"), str(part.get("id") or "")
        function = part.get("function")
        function = function if isinstance(function, dict) else {}
        name, arguments = function.get("name") or "", function.get("arguments") or ""
        key = str(index) if isinstance(index, int | str) else ""
        call = self._places.get(key)
        if (
            call is None
            or (call_id and call["id"] not in ("", call_id))
            or (not call_id and name and call["arguments"])
        ):
            call = self._places[key] = {"id": call_id, "name": "", "arguments": ""}
            self.calls.append(call)
        call["id"] = call["id"] or call_id
        call["name"] += str(name) if name != call["name"] else ""
        call["arguments"] += arguments if isinstance(arguments, str) else json.dumps(arguments)


def whole(text: str) -> str:
    """The text with halves of a character joined, and one alone replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


async def events(blocks: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """The data of each event, up to `[DONE]` or the end.

    Raises:
        NotAStream: a line is no part of a stream of events.
    """
    data: list[str] = []
    async for line in _lines(blocks):
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif line and not line.startswith((":", "event:", "id:", "retry:")):
            said = "a line was none of an event's: each is 'data: {…}' and a blank line"
            raise NotAStream(said, line)
        if line or not data:
            continue
        whole, data = "\n".join(data), []
        if whole.strip() == DONE:
            return
        yield whole
    if data and (whole := "\n".join(data)).strip() != DONE:
        yield whole


async def _lines(blocks: AsyncIterator[bytes]) -> AsyncGenerator[str, None]:
    """The lines of a stream of events: they end in CR, LF or both, and in nothing else.

    `str.splitlines`, and so httpx, also cuts at U+2028, which JSON may hold as it is.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    rest, after_cr = "", False
    async for block in blocks:
        text = decoder.decode(block)
        if after_cr and text:
            text = text.removeprefix("\n")
        after_cr = text.endswith("\r") or (after_cr and not text)
        *whole, rest = (rest + text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
        for line in whole:
            yield line
    if rest:
        yield rest
