from __future__ import annotations

import base64
import queue

import pytest
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import BadRequestError
from elevenlabs.types import WebhookHmacSettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from waiting import HANG, until

from voicekit import serving
from voicekit.standin.agents.store import READY


class Receiver:
    """A server that keeps what it is sent."""

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[str, str]] = queue.Queue()
        self.status = 200
        app = Starlette(routes=[Route("/after", self._take, methods=["POST"])])
        self.served = serving.serve(app, name="post-call-receiver")
        self.url = f"{self.served.url}/after"

    async def _take(self, request: Request) -> Response:
        body = (await request.body()).decode()
        self.got.put((body, request.headers["elevenlabs-signature"]))
        return Response(status_code=self.status)


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    running.served.stop()


@pytest.fixture
def hook(client, receiver):
    return client.webhooks.create(
        settings=WebhookHmacSettings(name="After", webhook_url=receiver.url)
    )


def call(standin):
    state = standin.state
    record = state.conversations.start(state.agents.get(READY))
    record.add("user", "Hello there.", 0.5)
    record.recording.heard(b"\1\1" * 8000, 0.0)
    record.finish("over", 1.0)
    return record


def choose(client, **webhooks):
    client.conversational_ai.settings.update(webhooks=webhooks)


def test_the_sdk_verifies_what_is_sent_after_a_call(standin, client, receiver, hook):
    choose(client, post_call_webhook_id=hook.webhook_id)
    record = call(standin)
    body, signature = receiver.got.get(timeout=HANG)
    event = client.webhooks.construct_event(
        rawBody=body, sig_header=signature, secret=hook.webhook_secret
    )
    assert event["type"] == "post_call_transcription"
    assert event["data"]["conversation_id"] == record.conversation_id
    assert event["data"]["transcript"][0]["message"] == "Hello there."
    with pytest.raises(BadRequestError):
        client.webhooks.construct_event(rawBody=body, sig_header=signature, secret="wrong")
    with pytest.raises(BadRequestError):
        client.webhooks.construct_event(
            rawBody=f"{body} ", sig_header=signature, secret=hook.webhook_secret
        )


def test_the_sound_follows_if_it_is_asked_for(standin, client, receiver, hook):
    choose(client, post_call_webhook_id=hook.webhook_id, events=["audio", "transcript"])
    call(standin)
    events = []
    for _ in range(2):
        body, signature = receiver.got.get(timeout=HANG)
        events.append(
            client.webhooks.construct_event(
                rawBody=body, sig_header=signature, secret=hook.webhook_secret
            )
        )
    assert [event["type"] for event in events] == ["post_call_transcription", "post_call_audio"]
    mp3 = base64.b64decode(events[1]["data"]["full_audio"])
    assert mp3[0] == 0xFF
    assert mp3[1] & 0xE0 == 0xE0  # an MPEG frame begins with eleven ones


def test_an_agents_own_webhook_goes_before_the_workspaces(standin, client, receiver, hook):
    own = {"webhooks": {"post_call_webhook_id": hook.webhook_id}}
    client.conversational_ai.agents.update(READY, platform_settings={"workspace_overrides": own})
    call(standin)
    assert receiver.got.get(timeout=HANG)


def test_nothing_is_sent_without_a_webhook_or_to_one_that_is_off(standin, client, receiver, hook):
    call(standin)
    choose(client, post_call_webhook_id=hook.webhook_id)
    client.webhooks.update(hook.webhook_id, is_disabled=True, name="After")
    call(standin)
    client.webhooks.update(hook.webhook_id, is_disabled=False, name="After")
    last = call(standin)
    body, _ = receiver.got.get(timeout=HANG)
    assert last.conversation_id in body
    assert receiver.got.empty()


def test_a_failure_is_noted(standin, client, receiver, hook):
    receiver.status = 500
    choose(client, post_call_webhook_id=hook.webhook_id)
    call(standin)
    receiver.got.get(timeout=HANG)
    until(lambda: client.webhooks.list().webhooks[0].most_recent_failure_error_code is not None)
    told = client.webhooks.list().webhooks[0]
    assert told.most_recent_failure_error_code == 500
    assert told.usage[0].usage_type == "ConvAI Settings"


def test_the_webhooks_secret_is_told_once(http, hook):
    assert hook.webhook_secret
    assert hook.webhook_secret not in http.get("/v1/workspace/webhooks").text


def test_webhooks_are_deleted_and_settings_name_only_those_there_are(client, hook):
    client.webhooks.delete(hook.webhook_id)
    assert client.webhooks.list().webhooks == []
    with pytest.raises(ApiError) as refused:
        choose(client, post_call_webhook_id=hook.webhook_id)
    assert refused.value.body["detail"]["code"] == "webhook_not_found"


def test_settings_keep_what_a_change_does_not_name(client):
    settings = client.conversational_ai.settings
    settings.update(rag_retention_period_days=5)
    settings.update(can_use_mcp_servers=True)
    assert settings.get().rag_retention_period_days == 5
    assert settings.get().can_use_mcp_servers is True


def test_language_models_are_listed(client):
    listed = client.conversational_ai.llm.list().llms
    assert "custom-llm" in [model.llm for model in listed]
