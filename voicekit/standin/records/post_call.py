"""The post-call webhook: what is sent, and signed, once a conversation has ended.

Source: https://elevenlabs.io/docs/agents-platform/workflows/post-call-webhooks. One attempt, then
the webhook's last failure is noted; a queue of one thread keeps the order.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from voicekit.errors import EngineError
from voicekit.standin.agents.store import Agents
from voicekit.standin.http.reach import OutOfReach, Reach
from voicekit.standin.records import representations
from voicekit.standin.records.conversations import ConversationRecord
from voicekit.standin.records.hooks import Hook, Workspace

TIMEOUT = 10.0
"""Seconds that a server has to answer."""

_log = logging.getLogger(__name__)


def signature(secret: str, body: bytes, at: int) -> str:
    """The `ElevenLabs-Signature` of a body sent at `at` Unix seconds."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v0={signed}"


class PostCalls:
    """Sends webhooks in order, in a thread of its own that starts with the first.

    Args:
        agents: whose settings may name a webhook.
        workspace: the webhooks, and the settings of all other agents.
        clock: Unix seconds.
        reach: where they may be sent.
    """

    def __init__(
        self, agents: Agents, workspace: Workspace, clock: Callable[[], float], reach: Reach
    ) -> None:
        self._agents = agents
        self._workspace = workspace
        self._clock = clock
        self._reach = reach
        self._thread: ThreadPoolExecutor | None = None
        self._closed = False

    def report(self, record: ConversationRecord) -> None:
        """Queue what the webhook is to be told about a conversation, if there is one."""
        agent = self._agents.find(record.agent_id)
        chosen = self._workspace.after_call(agent)
        if chosen is None or self._closed:
            return
        hook, events = chosen
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="post-call")
        if "transcript" in events:
            data = representations.conversation(record, agent, self._clock)
            self._thread.submit(self._send, hook, "post_call_transcription", lambda: data)
        if "audio" in events and (record.recording.user or record.recording.agent):
            self._thread.submit(self._send, hook, "post_call_audio", lambda: _sound(record))

    def close(self) -> None:
        """Send nothing more, and do not wait for what is under way."""
        self._closed = True
        if self._thread:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _send(self, hook: Hook, kind: str, data: Callable[[], dict[str, Any]]) -> None:
        at = int(self._clock())
        try:
            event = {"type": kind, "event_timestamp": at, "data": data()}
            status = _post(hook, json.dumps(event).encode(), at, self._reach)
        except (
            OSError,
            ValueError,
            httpx.HTTPError,
            httpx.InvalidURL,
            EngineError,
            OutOfReach,
        ) as error:
            _log.warning("The post-call webhook %s was not reached: %s", hook.id, error)
            status = 0
        if not 200 <= status < 300:
            hook.failure, hook.failed = status, float(at)


def _sound(record: ConversationRecord) -> dict[str, Any]:
    return {
        "agent_id": record.agent_id,
        "conversation_id": record.conversation_id,
        "full_audio": base64.b64encode(record.recording.mp3()).decode(),
    }


def _post(hook: Hook, body: bytes, at: int, reach: Reach) -> int:
    """The status that the server answers; it is not followed elsewhere."""
    verify = ssl.create_default_context()
    with httpx.Client(
        trust_env=False, timeout=TIMEOUT, verify=verify, follow_redirects=False
    ) as client:
        request = client.build_request(
            "POST",
            hook.url,
            content=body,
            headers={
                **hook.headers,
                "content-type": "application/json",
                "elevenlabs-signature": signature(hook.secret, body, at),
                "user-agent": "voicekit-standin",
            },
        )
        reach.pin(request)
        return client.send(request).status_code
