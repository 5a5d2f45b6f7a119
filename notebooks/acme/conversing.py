"""A turn of the desk: the model is asked, its tools are run, and it is asked again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from acme.arguments import printable, replayed
from acme.wording import rules, say
from voicekit.webhook import ToolCall

if TYPE_CHECKING:
    from acme.desk import Desk, Tools


async def converse(
    client: Any,
    desk: Desk,
    messages: Sequence[Mapping[str, Any]],
    *,
    model: str = "gpt-6-luna",
    effort: str | None = "none",
    offered: Sequence[Mapping[str, Any]] = (),
) -> AsyncIterator[str | ToolCall]:
    """Answer the caller's last words, token by token, and run the desk's tools on the way.

    Args:
        client: an `AsyncOpenAI`, or what has its `chat.completions.create`.
        desk: orders and policies.
        messages: the history.
        model: the model's name.
        effort: how much it reasons before it speaks; with tools OpenAI's models of today want
            "none". None leaves it out, for servers that do not know it.
        offered: tools of the platform, such as `end_call`; calls of these are handed back.
    """
    tools = desk.tools(messages)
    if messages and messages[-1].get("role") == "user":
        done = await asyncio.to_thread(tools.settle)
        if done and done.get("refunded"):
            yield done["message"]
            return
    prompt, doubt = rules()["prompt"], tools.doubt
    if doubt:
        prompt += rules()["doubt"].format(words=doubt)
    asked = [{"role": "system", "content": prompt}, *messages]
    for _ in range(rules()["rounds"]):
        reply = Reply()
        request = {"model": model, "messages": asked, "tools": [*tools.schemas, *offered]}
        request |= {"reasoning_effort": effort} if effort else {}
        stream = await client.chat.completions.create(**request, stream=True)
        async with stream:
            async for chunk in stream:
                if text := reply.add(chunk):
                    yield text
        if not any(name in tools for name, _ in reply.calls):
            for name, arguments in reply.calls:
                yield ToolCall(name, arguments)
            if doubt and not reply.calls:  # doubt asks again, after what the model had to say
                yield f" {doubt}" if reply.text else doubt
            if reply.calls or reply.text or doubt:
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
        self._parts: list[dict[str, str]] = []
        self._places: dict[Any, dict[str, str]] = {}  # the call that a server's index means now

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Name and arguments of each tool call, in order."""
        return [(part["name"], part["arguments"]) for part in self._parts]

    def add(self, chunk: Any) -> str:
        """Take a chunk; return the text in it."""
        if not chunk.choices:  # the count of tokens comes in a chunk without any
            return ""
        delta = chunk.choices[0].delta
        if delta is None:  # a filter's verdict comes in a chunk without any
            return ""
        for call in delta.tool_calls or ():
            part = self._part(call)
            if call.function:
                name = call.function.name or ""
                part["name"] += name if name != part["name"] else ""  # said again with each
                part["arguments"] += call.function.arguments or ""
        text = delta.content or ""
        self.text += text
        return text

    def run(self, tools: Tools) -> list[dict[str, Any]]:
        """Run the calls; return the reply and the results as messages of the history."""
        made, results = [], []
        for number, part in enumerate(self._parts):
            name, arguments = printable(part["name"]), printable(part["arguments"])
            result = tools.run(name, arguments)
            call_id = part["id"] or f"call_{number}"
            function = {"name": name, "arguments": replayed(arguments)}
            made.append({"id": call_id, "type": "function", "function": function})
            told = json.dumps(result, ensure_ascii=False)
            results.append({"role": "tool", "tool_call_id": call_id, "content": told})
        said = printable(self.text) or None
        return [{"role": "assistant", "content": said, "tool_calls": made}, *results]

    def _part(self, call: Any) -> dict[str, str]:
        """The call to which a fragment belongs: some servers give every call the same index."""
        call_id, named = call.id or "", bool(call.function and call.function.name)
        part = self._places.get(call.index)
        if part is None or begins(part, call_id, named):
            part = self._places[call.index] = {"id": call_id, "name": "", "arguments": ""}
            self._parts.append(part)
        return part


def begins(part: dict[str, str], call_id: str, named: bool) -> bool:
    """Whether a fragment with the index of a call that has begun is the next call's first."""
    if call_id and part["id"]:
        return call_id != part["id"]
    return named and bool(part["arguments"])
