"""The workspace's webhooks and settings: where the platform calls when a conversation has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from voicekit.standin.agents import request_bodies
from voicekit.standin.agents.config import Section
from voicekit.standin.agents.platform import Hooks
from voicekit.standin.agents.register import Register
from voicekit.standin.agents.store import Agent


class HookSettings(Section):
    """What creating a webhook says."""

    auth_type: Literal["hmac"] = "hmac"
    name: str
    webhook_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
    request_headers: dict[str, str] | None = None


class HookBody(Section):
    """The body around it."""

    settings: HookSettings


class Settings(Section):
    """`/v1/convai/settings`, whole."""

    conversation_initiation_client_data_webhook: dict[str, Any] | None = None
    webhooks: Hooks = Hooks()
    can_use_mcp_servers: bool = False
    rag_retention_period_days: Annotated[int, Field(le=30)] = 10


@dataclass
class Hook:
    """One webhook; printing it does not show its secret.

    Attributes:
        created: Unix seconds, as `failed`, when it last answered with anything but success.
        failure: the status it then answered with; 0 when nobody answered.
    """

    id: str
    name: str
    url: str
    created: float
    secret: str = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    disabled: bool = False
    failure: int | None = None
    failed: float | None = None


class Workspace(Register[Hook]):
    """Webhooks, and which of them is called."""

    kind = "webhook"

    def __init__(self, next_id: Callable[[str], str], clock: Callable[[], float]) -> None:
        super().__init__(next_id, clock)
        self.settings = Settings().model_dump(mode="json")

    def create(self, body: dict[str, Any]) -> Hook:
        """A new webhook from a request's body.

        Raises:
            Invalid: 422, a field is missing or of the wrong type.
        """
        wanted = request_bodies.checked(HookBody, body).settings
        hook = Hook(
            self._next_id("webhook"),
            wanted.name,
            wanted.webhook_url,
            self._clock(),
            self._next_id("wsec_offline"),
            wanted.request_headers or {},
        )
        self._kept[hook.id] = hook
        return hook

    def change(self, change: dict[str, Any]) -> None:
        """Change the settings that `change` names.

        Raises:
            Refusal: 404, it names a webhook that there is not.
            Invalid: 422, a field is of the wrong type.
        """
        settings = request_bodies.checked(Settings, request_bodies.merged(self.settings, change))
        if settings.webhooks.post_call_webhook_id:
            self.get(settings.webhooks.post_call_webhook_id)
        self.settings = settings.model_dump(mode="json")

    def after_call(self, agent: Agent | None) -> tuple[Hook, list[str]] | None:
        """The webhook for a conversation that ended, and its events: `transcript`, `audio`."""
        own = agent.platform_settings["workspace_overrides"]["webhooks"] if agent else {}
        chosen = own if own.get("post_call_webhook_id") else self.settings["webhooks"]
        hook = self._kept.get(chosen.get("post_call_webhook_id") or "")
        if hook is None or hook.disabled:
            return None
        events = chosen.get("events")
        wanted = ["transcript"] if events is None else list(events)
        if chosen.get("send_audio") and "audio" not in wanted:
            wanted.append("audio")
        return hook, wanted
