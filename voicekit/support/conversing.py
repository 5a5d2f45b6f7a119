"""A turn of the desk: the model is asked, its tools are run, and it is asked again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from voicekit.support.wording import rules, say
from voicekit.webhook import ToolCall

if TYPE_CHECKING:
    from voicekit.support.desk import Desk, Tools


async def converse(
    client: Any,
    desk: Desk,
    messages: Sequence[Mapping[str, Any]],
    *,
    model: str = "gpt-4o-mini",
    offered: Sequence[Mapping[str, Any]] = (),
) -> AsyncIterator[str | ToolCall]:
    """Answer the caller's last words, token by token, and run the desk's tools on the way.

    Args:
        client: an `AsyncOpenAI`, or what has its `chat.completions.create`.
        desk: orders and policies.
        messages: the history.
        model: the model's name.
        offered: tools of the platform, such as `end_call`; calls of these are handed back.
    """
    tools = desk.tools(messages)
    asked = [{"role": "system", "content": rules()["prompt"]}, *messages]
    for _ in range(rules()["rounds"]):
        reply = Reply()
        request = {"model": model, "messages": asked, "tools": [*tools.schemas, *offered]}
        stream = await client.chat.completions.create(**request, stream=True)
        async with stream:
            async for chunk in stream:
                if text := reply.add(chunk):
                    yield text
        if not any(name in tools for name, _ in reply.calls):
            for name, arguments in reply.calls:
                yield ToolCall(name, arguments)
            if reply.calls or reply.text:
                return
        asked += await asyncio.to_thread(reply.run, tools)
        if tools.question:  # said by us, word for word: what the caller agrees to is no model's
            yield f" {tools.question}" if reply.text else tools.question
            return
    yield say("lost")


class Reply:
    """A model's reply, put together from its chunks."""

    def __init__(self) -> None:
        self.text = ""
        self._parts: dict[int, dict[str, str]] = {}

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Name and arguments of each tool call, in order."""
        return [(part["name"], part["arguments"]) for part in self._parts.values()]

    def add(self, chunk: Any) -> str:
        """Take a chunk; return the text in it."""
        if not chunk.choices:  # the count of tokens comes in a chunk without any
            return ""
        delta = chunk.choices[0].delta
        for call in delta.tool_calls or ():
            empty = {"id": "", "name": "", "arguments": ""}
            part = self._parts.setdefault(call.index, empty)
            part["id"] += call.id or ""
            if call.function:
                part["name"] += call.function.name or ""
                part["arguments"] += call.function.arguments or ""
        text = delta.content or ""
        self.text += text
        return text

    def run(self, tools: Tools) -> list[dict[str, Any]]:
        """Run the calls; return the reply and the results as messages of the history."""
        made, results = [], []
        for part in self._parts.values():
            function = {"name": part["name"], "arguments": part["arguments"]}
            made.append({"id": part["id"], "type": "function", "function": function})
            result = json.dumps(tools.run(**function), ensure_ascii=False)
            results.append({"role": "tool", "tool_call_id": part["id"], "content": result})
        return [{"role": "assistant", "content": self.text or None, "tool_calls": made}, *results]
