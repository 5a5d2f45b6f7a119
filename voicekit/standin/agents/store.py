"""The agents of one stand-in. Ids count up; each configuration is whole, the vendor's defaults in.

`READY` is there from the start, for clients that know an agent's id and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from voicekit.standin.agents import lint, request_bodies
from voicekit.standin.agents.config import ConversationConfig, Section
from voicekit.standin.agents.platform import PlatformSettings
from voicekit.standin.agents.register import Register
from voicekit.standin.script import lines

READY = "agent_standin"
"""The id of the agent that needs no creating: the scripted support desk."""


class AgentBody(Section):
    """What creating an agent may say."""

    conversation_config: ConversationConfig
    platform_settings: PlatformSettings | None = None
    workflow: dict[str, Any] | None = None
    name: str | None = None
    tags: list[str] | None = None


@dataclass
class Agent:
    """One agent.

    Attributes:
        conversation_config: the whole configuration, as JSON values.
        platform_settings: likewise.
        created: Unix seconds, as `updated`.
        warnings: what in the configuration has no effect.
    """

    agent_id: str
    name: str
    conversation_config: dict[str, Any]
    platform_settings: dict[str, Any]
    workflow: dict[str, Any]
    tags: list[str]
    created: float
    updated: float
    warnings: list[str] = field(default_factory=list)

    @property
    def prompt(self) -> dict[str, Any]:
        """`conversation_config.agent.prompt`."""
        found: dict[str, Any] = self.conversation_config["agent"]["prompt"]
        return found

    def overridden(self, override: dict[str, Any]) -> dict[str, Any]:
        """The whole `conversation_config` of one conversation that overrides parts of it.

        Raises:
            Invalid: 422, a part has the wrong type or is out of range.
        """
        together = request_bodies.merged(self.conversation_config, override)
        return request_bodies.checked(ConversationConfig, together).model_dump(mode="json")


class Agents(Register[Agent]):
    """All agents."""

    kind = "agent"

    def __init__(self, next_id: Callable[[str], str], clock: Callable[[], float]) -> None:
        super().__init__(next_id, clock)
        self._put(
            READY,
            {
                "name": "The stand-in's scripted support desk",
                "conversation_config": {"agent": {"first_message": lines.fixed("opening")}},
            },
        )

    def hint(self) -> str:
        """What to do in place of an agent that is not there."""
        return " Create one" + (f", or use {READY!r}." if READY in self._kept else ".")

    def create(self, wanted: dict[str, Any]) -> Agent:
        """A new agent from a request's body.

        Raises:
            Invalid: 422, a field is missing or of the wrong type.
        """
        request_bodies.checked(AgentBody, wanted)  # before an id is spent
        return self._put(self._next_id("agent"), wanted)

    def update(self, agent_id: str, change: dict[str, Any]) -> Agent:
        """Change what `change` says, field by field, and leave the rest.

        Raises:
            Refusal: 404, there is no such agent.
            Invalid: 422, a field is of the wrong type.
        """
        agent = self.get(agent_id)
        said = {name: value for name, value in change.items() if value is not None}
        return self._put(agent_id, request_bodies.merged(_body(agent), said), agent.created)

    def duplicate(self, agent_id: str, name: str | None = None) -> Agent:
        """A copy under a new id.

        Raises:
            Refusal: 404, there is no such agent.
        """
        agent = self.get(agent_id)
        copied = request_bodies.merged({}, _body(agent)) | {"name": name or f"{agent.name} (copy)"}
        return self._put(self._next_id("agent"), copied)

    def _put(self, agent_id: str, wanted: dict[str, Any], created: float | None = None) -> Agent:
        checked = request_bodies.checked(AgentBody, wanted)
        platform = checked.platform_settings or PlatformSettings()
        config = checked.conversation_config.model_dump(mode="json")
        now = self._clock()
        self._kept[agent_id] = Agent(
            agent_id=agent_id,
            name=checked.name or "New agent",
            conversation_config=config,
            platform_settings=platform.model_dump(mode="json"),
            workflow=checked.workflow or {},
            tags=checked.tags or [],
            created=now if created is None else created,
            updated=now,
            warnings=lint.warnings(config),
        )
        return self._kept[agent_id]


def _body(agent: Agent) -> dict[str, Any]:
    names = ("name", "conversation_config", "platform_settings", "workflow", "tags")
    return {name: getattr(agent, name) for name in names}
