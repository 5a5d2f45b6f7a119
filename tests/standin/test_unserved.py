"""Paths that the stand-in does not serve, also where a path with an id would take them."""

from __future__ import annotations

import httpx
import pytest

from voicekit.standin import Standin

WITH_AN_ID = [
    ("GET", "/v1/voices/accents", "voice"),
    ("GET", "/v1/voices/shared-voices", "voice"),
    ("GET", "/v1/convai/agents/drafts", "agent"),
    ("GET", "/v1/convai/conversations/messages", "conversation"),
    ("GET", "/v1/convai/knowledge-base/summaries", "document"),
    ("GET", "/v1/convai/tools/executions", "tool"),
    ("DELETE", "/v1/convai/secrets/rotate", "secret"),
    ("DELETE", "/v1/workspace/webhooks/all", "webhook"),
    ("GET", "/v1/convai/agents/drafts/widget", "agent"),
]


def asked(standin: Standin, method: str, path: str, vendor: str = "elevenlabs") -> httpx.Response:
    url = f"{standin.elevenlabs_url if vendor == 'elevenlabs' else standin.openai_url}"
    with httpx.Client(trust_env=False) as client:
        json = {"name": "x", "value": "x"} if method in ("POST", "PATCH") else None
        return client.request(
            method,
            url + path,
            json=json,
            headers={"xi-api-key": "any", "authorization": "Bearer any"},
        )


@pytest.mark.parametrize(("method", "path", "kind"), WITH_AN_ID)
def test_a_word_in_an_ids_place_may_be_a_path_that_is_not_served(
    standin: Standin, method: str, path: str, kind: str
) -> None:
    answer = asked(standin, method, path)
    message = answer.json()["detail"]["message"]
    assert answer.status_code == 404, message
    assert message.startswith(f"{path!r} is not served here.")
    assert kind in message


@pytest.mark.parametrize("path", ["/v1/voices/add", "/v1/voices/pvc"])
def test_a_path_that_takes_another_method_than_the_one_with_an_id(
    standin: Standin, path: str
) -> None:
    answer = asked(standin, "POST", path)
    assert answer.status_code == 405
    message = answer.json()["detail"]["message"]
    assert message == f"POST {path!r} is not served here; GET is."


@pytest.mark.parametrize("path", ["/v1/voices/21m00Tcm4TlvDq8ikWA1", "/v1/convai/agents/agent_9"])
def test_an_id_that_looks_like_one_is_taken_for_one(standin: Standin, path: str) -> None:
    answer = asked(standin, "GET", path)
    assert answer.status_code == 404
    assert "served" not in answer.json()["detail"]["message"]


def test_an_unknown_voice_is_answered_with_those_there_are(standin: Standin) -> None:
    answer = asked(standin, "GET", "/v1/voices/21m00Tcm4TlvDq8ikWA1")
    message = answer.json()["detail"]["message"]
    assert "21m00Tcm4TlvDq8ikWAM (Rachel)" in message
    assert message.count("(") == len(asked(standin, "GET", "/v1/voices").json()["voices"])


def test_an_agent_that_is_deleted_is_recommended_to_nobody(standin: Standin) -> None:
    first = asked(standin, "GET", "/v1/convai/agents/agent_9").json()["detail"]["message"]
    asked(standin, "DELETE", "/v1/convai/agents/agent_standin")
    then = asked(standin, "GET", "/v1/convai/agents/agent_9").json()["detail"]["message"]
    assert "agent_standin" in first
    assert "agent_standin" not in then


@pytest.mark.parametrize("path", ["/v1/dubbing", "/v9", "/v1/convai/batch-calling"])
def test_a_path_that_is_nothing_at_all_is_said_to_be_not_served(
    standin: Standin, path: str
) -> None:
    answer = asked(standin, "GET", path)
    assert f"{path}" in answer.json()["detail"]["message"]
    assert "is not served here" in answer.json()["detail"]["message"]
