"""How a conversation begins: what the client's first message says, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from voicekit.standin.agents.config import CLIENT_EVENTS, ConversationConfig
from voicekit.standin.agents.store import Agent
from voicekit.standin.conversation.dynamic_variables import fill
from voicekit.standin.conversation.ending import CLIENT, Ended
from voicekit.standin.http.refusals import Refusal

KIND = "conversation_initiation_client_data"
PROMPT = frozenset(
    {
        "knowledge_base",
        "llm",
        "native_mcp_server_ids",
        "prompt",
        "reasoning_effort",
        "tool_ids",
        "tool_ids_strict",
    }
)
"""What a conversation may say about its agent's language model, by the published contract.

Where requests go and what key they show is the agent's: whoever calls could else have a key sent
to an address of his own.
"""

GRACE = 1.5
"""Seconds that a client has for its first message; some send none at all."""


class ClientData(BaseModel):
    """`conversation_initiation_client_data`; what the stand-in does not act on is passed over."""

    model_config = ConfigDict(extra="ignore")

    conversation_config_override: dict[str, Any] | None = None
    custom_llm_extra_body: dict[str, Any] | None = None
    dynamic_variables: dict[str, Any] | None = None
    user_id: str | None = None
    source_info: dict[str, Any] | None = None


@dataclass(frozen=True)
class Opening:
    """One conversation's settings, everything merged and filled in.

    Attributes:
        config: the agent's configuration with the client's overrides.
        prompt: the system prompt.
        first_message: what the agent says first; empty when it waits.
        tools: inline tools and system tools, as configured.
        text_only: no sound in either direction.
        client_events: the kinds of messages that the client is sent.
        data: the client's message, as the record keeps it.
    """

    config: ConversationConfig
    prompt: str
    first_message: str
    variables: dict[str, Any]
    text_only: bool
    client_events: tuple[str, ...]
    extra_body: dict[str, Any]
    user_id: str | None
    data: dict[str, Any] = field(default_factory=dict)


def opening(
    agent: Agent, message: dict[str, Any] | None, system: dict[str, Any], *, strict: bool = False
) -> Opening:
    """What a conversation with `agent` is like, given the client's first message if it sent one.

    Args:
        agent: whom it is with.
        message: the client's first message.
        system: the platform's own variables, such as `system__conversation_id`.
        strict: whether only what the agent's platform settings allow may be overridden.

    Raises:
        Ended: 1008, the message is malformed, overrides what it may not, or lacks a variable.
    """
    try:
        data = ClientData.model_validate(message or {})
    except ValidationError as error:
        raise _malformed("The first message", error) from None
    override = dict(data.conversation_config_override or {})
    # The Python SDK puts it at the top, where the contract has no place for it.
    text_only_at_top = override.pop("text_only", None)
    if strict:
        _check_allowed(agent, override)
    override = _without_nulls(override)
    _check_prompt(override)
    try:
        merged = agent.overridden(override)
        config = ConversationConfig.model_validate(merged)
    except (Refusal, ValidationError) as error:
        raise _malformed("An override", error) from None
    placeholders = config.agent.dynamic_variables.dynamic_variable_placeholders
    variables = {**placeholders, **system, **(data.dynamic_variables or {})}
    wanted = config.conversation.client_events or CLIENT_EVENTS
    return Opening(
        config=config,
        prompt=fill(config.agent.prompt.prompt, variables),
        first_message=fill(config.agent.first_message, variables),
        variables=variables,
        text_only=bool(text_only_at_top or config.conversation.text_only),
        client_events=tuple(wanted),
        extra_body=data.custom_llm_extra_body or {},
        user_id=data.user_id,
        data=data.model_dump(),
    )


def _without_nulls(value: Any) -> Any:
    """An override without what it leaves alone; clients send null for that."""
    if not isinstance(value, dict):
        return value
    return {name: _without_nulls(part) for name, part in value.items() if part is not None}


def _malformed(what: str, error: Refusal | ValidationError) -> Ended:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        said = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    else:
        said = error.message
    return Ended(CLIENT, f"{what} is not valid: {said}", "override_error")


def _check_allowed(agent: Agent, override: dict[str, Any]) -> None:
    overrides = agent.platform_settings.get("overrides", {})
    allowed = overrides.get("conversation_config_override", {})
    for path in _leaves(override):
        place: Any = allowed
        for name in path:
            place = place.get(name) if isinstance(place, dict) else place
        if place is not True:
            raise _not_allowed(path[-1])


def _check_prompt(override: dict[str, Any]) -> None:
    agent = override.get("agent")
    prompt = agent.get("prompt") if isinstance(agent, dict) else None
    for name in prompt if isinstance(prompt, dict) else ():
        if name not in PROMPT:
            raise _not_allowed(name)


def _not_allowed(name: str) -> Ended:
    said = f"Override for field '{name}' is not allowed by config."
    return Ended(CLIENT, said, "override_error")


def _leaves(value: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, part in value.items():
        inner = (*path, name)
        found += _leaves(part, inner) if isinstance(part, dict) else [inner]
    return found
