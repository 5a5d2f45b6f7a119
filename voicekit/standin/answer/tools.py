"""The agent's tools: what the language model is offered, and running what it calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from voicekit.standin.answer import system_tools
from voicekit.standin.answer.client_tools import ClientTools
from voicekit.standin.answer.model import ToolCall
from voicekit.standin.answer.statement import Statement
from voicekit.standin.answer.system_tools import Result
from voicekit.standin.conversation import events
from voicekit.standin.conversation.call import Call
from voicekit.standin.conversation.dynamic_variables import fill
from voicekit.standin.records.transcript import ToolType


@dataclass(frozen=True)
class _Tool:
    kind: ToolType
    config: dict[str, Any]

    def definition(self) -> dict[str, Any]:
        """The tool as OpenAI's API names one."""
        if self.kind == "system":
            return system_tools.definition(self.config)
        parameters = self.config.get("parameters") or {"type": "object", "properties": {}}
        function = {
            "name": self.config["name"],
            "description": self.config.get("description", ""),
            "parameters": parameters,
        }
        return {"type": "function", "function": function}


class Tools:
    """One conversation's tools.

    Args:
        call: the conversation.
        client: the tools' results come in here.

    Raises:
        Ended: 1008, a tool lacks a dynamic variable.
    """

    def __init__(self, call: Call, client: ClientTools) -> None:
        prompt = call.opening.config.agent.prompt.model_dump(mode="json")
        tools = fill(call.state.tools.of(prompt), call.opening.variables)
        self._tools = {tool["name"]: _Tool(tool.get("type", "client"), tool) for tool in tools}
        self._prompt = prompt
        self._call = call
        self._client = client
        self.definitions = [tool.definition() for tool in self._tools.values()]

    async def run(self, called: ToolCall, event_id: int, statement: Statement) -> Result:
        """Run one call, tell the client about it, and note it in the record."""
        call = self._call
        tool = self._tools.get(called.name)
        kind: ToolType = tool.kind if tool else "client"
        call.outbox.post(events.tool_request(called.name, called.id, kind, event_id))
        if statement.item:
            statement.item.call(called.id, called.name, called.arguments, kind)
        asked = call.state.now()
        result = await self._run(called, tool, event_id)
        seconds = round(call.state.now() - asked, 6)
        call.state.tools.used(called.name, self._prompt, seconds)
        if statement.item:
            statement.item.result(
                called.id,
                called.name,
                result.text,
                kind,
                is_error=result.is_error,
                seconds=seconds,
            )
        if not result.ends:  # the one that ends the call comes last, after its words were heard
            self.tell(called, event_id, result)
        return result

    def tell(self, called: ToolCall, event_id: int, result: Result) -> None:
        """Tell the client that a tool has run."""
        tool = self._tools.get(called.name)
        event = events.tool_response(
            called.name,
            called.id,
            tool.kind if tool else "client",
            event_id,
            is_error=result.is_error,
        )
        self._call.outbox.post(event, always=result.ends is not None)

    async def _run(self, called: ToolCall, tool: _Tool | None, event_id: int) -> Result:
        if tool is None:
            known = ", ".join(self._tools) or "none"
            return Result.error(f"There is no tool {called.name!r}. Known: {known}.")
        try:
            arguments = from_json(called.arguments or "{}", allow_inf_nan=False)
        except (ValueError, UnicodeError) as error:
            return Result.error(f"The arguments are not valid JSON: {error}.")
        if not isinstance(arguments, dict):
            return Result.error("The arguments must be a JSON object.")
        if tool.kind == "system":
            return system_tools.run(tool.config, arguments, self._call)
        if tool.kind == "client":
            return await self._client.run(tool.config, called.id, arguments, event_id)
        return Result.error(f"The stand-in runs no {tool.kind} tools, only client and system ones.")
