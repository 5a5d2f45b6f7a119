"""An agent's `platform_settings`: the parts that the stand-in acts on, with the vendor's defaults.

What it does not act on (evaluation, data collection, guardrails, widget, …) is kept and returned.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pydantic import Field

from voicekit.standin.agents.config import Section

_CLOSED = {
    "tts": {"voice_id": False, "stability": False, "speed": False, "similarity_boost": False},
    "conversation": {"text_only": False},
    "agent": {
        "first_message": False,
        "language": False,
        "prompt": {"prompt": False, "llm": False, "native_mcp_server_ids": False},
    },
}


class Auth(Section):
    """Who may start a conversation; with `enable_auth`, who holds a signed URL."""

    enable_auth: bool = False
    allowlist: list[dict[str, Any]] = Field(default_factory=list)


class CallLimits(Section):
    """How many conversations an agent has at once and a day; -1 is no limit."""

    agent_concurrency_limit: int = -1
    daily_limit: int = 100_000
    bursting_enabled: bool = True


class Privacy(Section):
    """What is kept of a conversation."""

    record_voice: bool = True
    retention_days: int = -1
    delete_transcript_and_pii: bool = False
    delete_audio: bool = False
    apply_to_existing_conversations: bool = False
    zero_retention_mode: bool = False


class Hooks(Section):
    """Webhooks of one agent, in place of the workspace's."""

    post_call_webhook_id: str | None = None
    events: list[str] | None = None
    send_audio: bool = False


class WorkspaceOverrides(Section):
    """What an agent has in place of the workspace's settings."""

    webhooks: Hooks = Hooks()


class Overrides(Section):
    """What a client may override. The stand-in allows all of it unless told to be strict."""

    conversation_config_override: dict[str, Any] = Field(default_factory=lambda: deepcopy(_CLOSED))
    custom_llm_extra_body: bool = False
    enable_conversation_initiation_client_data_from_webhook: bool = False


class Evaluation(Section):
    """What a conversation would be judged by, if anybody judged."""

    criteria: list[dict[str, Any]] = Field(default_factory=list)


class PlatformSettings(Section):
    """`platform_settings` of an agent, whole."""

    auth: Auth = Auth()
    evaluation: Evaluation = Evaluation()
    data_collection: dict[str, Any] = Field(default_factory=dict)
    overrides: Overrides = Overrides()
    workspace_overrides: WorkspaceOverrides = WorkspaceOverrides()
    call_limits: CallLimits = CallLimits()
    privacy: Privacy = Privacy()
