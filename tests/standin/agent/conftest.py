"""The official SDK, pointed at the stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from elevenlabs import ElevenLabs
from waiting import HANG


@pytest.fixture
def http(standin) -> Iterator[httpx.Client]:
    """Plain HTTP, for what the SDK does not show."""
    with httpx.Client(
        trust_env=False,
        verify=False,
        timeout=HANG,
        base_url=standin.elevenlabs_url,
        headers={"xi-api-key": "any"},
    ) as client:
        yield client


@pytest.fixture
def client(standin) -> Iterator[ElevenLabs]:
    with httpx.Client(trust_env=False, verify=False, timeout=HANG) as transport:
        yield ElevenLabs(base_url=standin.elevenlabs_url, api_key="any", httpx_client=transport)


@pytest.fixture
def agents(client):
    return client.conversational_ai.agents
