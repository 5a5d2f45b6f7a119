"""Server-sent events of a chat completion stream, read leniently as the hosted platform does."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from voicekit.standin.agent.model import ToolCall

DONE = "[DONE]"


class NotAStream(Exception):
    """What came is no stream of chat completion chunks; the message says what it is instead.

    `quoted` is what the server said: for the journal, and not for whoever is calling.
    """

    def __init__(self, said: str, quoted: object = "") -> None:
        super().__init__(said)
        self.quoted = str(quoted)


@dataclass
class Chunks:
    """Joins the tool calls of a stream's chunks; text passes through."""

    calls: dict[int, dict[str, str]] = field(default_factory=dict)

    def text(self, data: str) -> str:
        """The text of one event, perhaps empty.

        Raises:
            NotAStream: the event is not a chunk, or says that something went wrong.
        """
        try:
            chunk = json.loads(data)
        except ValueError:
            raise NotAStream("an event was not JSON", data) from None
        if not isinstance(chunk, dict):
            raise NotAStream("an event was not a JSON object", data)
        if "error" in chunk:
            error = chunk["error"]
            said = error.get("message") if isinstance(error, dict) else error
            raise NotAStream("it sent an error", said)
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            raise NotAStream("an event had no 'choices', so it is no chunk", data)
        delta = choices[0].get("delta") if choices and isinstance(choices[0], dict) else None
        if choices and not isinstance(delta, dict):
            raise NotAStream("a chunk had no 'delta'; stream: true asks for chunks, not a message")
        for part in (delta or {}).get("tool_calls") or ():
            self._join(part)
        content = (delta or {}).get("content")
        return content if isinstance(content, str) else ""

    def finished(self) -> Iterator[ToolCall]:
        """The calls, once the stream is over."""
        for index, call in sorted(self.calls.items()):
            yield ToolCall(call["id"] or f"call_{index}", call["name"], call["arguments"])

    def _join(self, part: dict[str, Any]) -> None:
        empty = {"id": "", "name": "", "arguments": ""}
        call = self.calls.setdefault(int(part.get("index") or 0), empty)
        function = part.get("function") or {}
        call["id"] = call["id"] or str(part.get("id") or "")
        call["name"] += str(function.get("name") or "")
        call["arguments"] += str(function.get("arguments") or "")


async def events(lines: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """The data of each event, up to `[DONE]` or the end.

    Raises:
        NotAStream: a line is no part of a stream of events.
    """
    data: list[str] = []
    async for line in lines:
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
