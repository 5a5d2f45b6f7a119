"""A conversation between an agent and a simulated caller, in text, nobody speaking.

The agent is the one of the socket: its own language model if it has one, or else the script.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from pydantic import Field

from voicekit.standin.agents.config import AgentSection, Section
from voicekit.standin.agents.store import Agent
from voicekit.standin.answer import system_tools
from voicekit.standin.answer.custom_model import CustomModel
from voicekit.standin.answer.history import History
from voicekit.standin.answer.model import Model, ToolCall
from voicekit.standin.answer.scripted_model import ScriptedModel
from voicekit.standin.conversation.initiation import opening
from voicekit.standin.records.transcript import Item, Role
from voicekit.standin.rest.simulated_user import SimulatedUser
from voicekit.standin.state import State

ROUNDS = 5
"""How often the model is asked again after tools, in one turn."""


class Said(Section):
    """What was said before the simulation starts."""

    role: Role
    message: str | None = None
    time_in_call_secs: int = 0


class Mock(Section):
    """What a tool returns that is not called."""

    default_return_value: str = "Tool Called."
    default_is_error: bool = False


class Specification(Section):
    """Who calls, and what is already known."""

    simulated_user_config: AgentSection
    tool_mock_config: dict[str, Mock] = Field(default_factory=dict)
    partial_conversation_history: list[Said] = Field(default_factory=list)
    dynamic_variables: dict[str, Any] = Field(default_factory=dict)


class SimulationBody(Section):
    """What a simulation is asked for with."""

    simulation_specification: Specification
    extra_evaluation_criteria: list[dict[str, Any]] | None = None
    new_turns_limit: Annotated[int, Field(ge=1)] = 10_000


async def items(state: State, agent: Agent, body: SimulationBody) -> AsyncGenerator[Item, None]:
    """The items of the transcript as they come, those of before first.

    Raises:
        Ended: a variable is missing, or the agent's own language model failed.
    """
    wanted = body.simulation_specification
    start = opening(agent, {"dynamic_variables": wanted.dynamic_variables}, {})
    history = History(start.prompt)
    custom = start.config.agent.prompt
    model: Model
    if custom.llm == "custom-llm" and custom.custom_llm:
        model = CustomModel(state, start)
    else:
        model = ScriptedModel(state, lambda question: state.knowledge.answer(agent, question))
    caller = wanted.simulated_user_config
    user = SimulatedUser(caller.prompt.prompt, caller.first_message)
    agent_side = _Agent(state, agent, model, history, wanted.tool_mock_config)
    last = ""
    try:
        before = wanted.partial_conversation_history
        for said in before:
            (history.user if said.role == "user" else history.assistant)(said.message or "")
            last = said.message or "" if said.role == "agent" else last
            yield _item(said.role, said.message, said.time_in_call_secs)
        left = body.new_turns_limit
        if start.first_message and not before:
            history.assistant(start.first_message)
            last, left = start.first_message, left - 1
            yield _item("agent", last)
        while left > 0 and not agent_side.ended and (line := user.answer(last)):
            history.user(line)
            yield _item("user", line)
            if left > 1:
                item = await agent_side.turn()
                last = item.message or ""
                yield item
            left -= 2
    finally:
        await model.close()


class _Agent:
    """The agent's side: asks the model, answers its tool calls from the mocks."""

    def __init__(
        self, state: State, agent: Agent, model: Model, history: History, mocks: dict[str, Mock]
    ) -> None:
        self._agent = agent
        self._state = state
        self._model = model
        self._history = history
        self._mocks = mocks
        self._tools = {str(t["name"]): t for t in state.tools.of(agent.prompt)}
        self.ended = False

    async def turn(self) -> Item:
        """What the agent says and calls after the caller's last words."""
        item = _item("agent", "")
        item.rag = self._state.knowledge.traced(self._agent, self._history.last_user)
        offered = [_definition(config) for config in self._tools.values()]
        texts: list[str] = []
        for _ in range(ROUNDS):
            said, calls = await self._ask(offered)
            texts.append(said)
            self._history.assistant(said, [call.message() for call in calls])
            for call in calls:
                self._call(item, call)
            if not calls or self.ended:
                break
        item.message = " ".join(filter(None, texts)) or None
        return item

    async def _ask(self, offered: list[dict[str, Any]]) -> tuple[str, list[ToolCall]]:
        known = self._state.knowledge.context(self._agent, self._history.last_user)
        said, calls = "", []
        stream = self._model.answer(self._history.messages(known), offered)
        async with aclosing(stream):
            async for piece in stream:
                if isinstance(piece, ToolCall):
                    calls.append(piece)
                else:
                    said += piece
        return said, calls

    def _call(self, item: Item, call: ToolCall) -> None:
        kind = self._tools.get(call.name, {}).get("type", "client")
        mock = self._mocks.get(call.name)
        if mock:
            value, failed = mock.default_return_value, mock.default_is_error
        elif call.name == "end_call":
            value, failed = "The call ends.", False
            self.ended = True
        else:
            said = f"A simulation calls no tools: add {call.name} to tool_mock_config."
            value, failed = json.dumps({"error": said}), True
        item.call(call.id, call.name, call.arguments, kind)
        item.result(call.id, call.name, value, kind, is_error=failed)
        self._history.tool(call.id, value)


def _definition(config: dict[str, Any]) -> dict[str, Any]:
    """A tool as OpenAI's API names one."""
    if config.get("type") == "system":
        return system_tools.definition(config)
    function = {
        "name": config["name"],
        "description": config.get("description", ""),
        "parameters": config.get("parameters") or {"type": "object", "properties": {}},
    }
    return {"type": "function", "function": function}


def _item(role: Role, message: str | None, at: float = 0.0) -> Item:
    """An item of a conversation that takes no time, as nobody speaks."""
    return Item(role, at, message, medium="text")
