"""The tools that agents share by id, and which tools one agent has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from voicekit.standin.agents import request_bodies
from voicekit.standin.agents.config import Section
from voicekit.standin.agents.register import Register


class ToolConfig(Section):
    """A tool: what the model is told of it, and who carries it out."""

    type: Literal["client", "webhook", "system", "mcp"] = "client"
    name: Annotated[str, Field(pattern="^[a-zA-Z0-9_-]{1,64}$")]
    description: str
    response_timeout_secs: Annotated[int, Field(ge=1, le=120)] = 20
    disable_interruptions: bool = False
    force_pre_tool_speech: bool = False
    assignments: list[dict[str, Any]] = Field(default_factory=list)
    dynamic_variables: dict[str, Any] = Field(
        default_factory=lambda: {"dynamic_variable_placeholders": {}}
    )


class ClientTool(ToolConfig):
    """A tool that the client carries out."""

    type: Literal["client"] = "client"
    expects_response: bool = False
    parameters: dict[str, Any] | None = None


class WebhookTool(ToolConfig):
    """A tool that a server carries out."""

    type: Literal["webhook"] = "webhook"
    api_schema: dict[str, Any]


class SystemTool(ToolConfig):
    """A tool that the platform carries out."""

    type: Literal["system"] = "system"
    params: dict[str, Any]


AnyTool = Annotated[ClientTool | WebhookTool | SystemTool, Field(discriminator="type")]


class ToolBody(Section):
    """What creating a tool says."""

    tool_config: AnyTool


@dataclass
class Tool:
    """A tool under an id; `calls` and `seconds` are what it was used for."""

    id: str
    config: dict[str, Any]
    created: float
    calls: int = 0
    seconds: float = 0.0


class Toolbox(Register[Tool]):
    """All tools."""

    kind = "tool"

    def create(self, body: dict[str, Any]) -> Tool:
        """A new tool from a request's body.

        Raises:
            Invalid: 422, a field is missing or of the wrong type.
        """
        config = request_bodies.checked(ToolBody, body).tool_config.model_dump(mode="json")
        tool = Tool(self._next_id("tool"), config, self._clock())
        self._kept[tool.id] = tool
        return tool

    def update(self, tool_id: str, body: dict[str, Any]) -> Tool:
        """Give a tool another configuration.

        Raises:
            Refusal: 404, there is no such tool.
            Invalid: 422, a field is missing or of the wrong type.
        """
        tool = self.get(tool_id)
        tool.config = request_bodies.checked(ToolBody, body).tool_config.model_dump(mode="json")
        return tool

    def of(self, prompt: dict[str, Any]) -> list[dict[str, Any]]:
        """The configurations of an agent's tools: by id, then those built in.

        A tool that was deleted is left out; of two with one name the first counts.
        """
        shared = [self._kept[i].config for i in prompt["tool_ids"] if i in self._kept]
        built_in = [
            {"params": {"system_tool_type": name}, **config, "type": "system", "name": name}
            for name, config in prompt["built_in_tools"].items()
            if config is not None
        ]
        named: dict[str, dict[str, Any]] = {}
        for config in (*shared, *built_in):
            named.setdefault(str(config.get("name")), config)
        return list(named.values())

    def used(self, name: str, prompt: dict[str, Any], seconds: float) -> None:
        """Count a call of one of an agent's shared tools, which took this long."""
        for tool_id in prompt["tool_ids"]:
            tool = self._kept.get(tool_id)
            if tool is not None and tool.config["name"] == name:
                tool.calls += 1
                tool.seconds += seconds
