"""Callers with voices that our engine did not make, and agents for them to talk to."""

from __future__ import annotations

import asyncio
import shutil
import warnings
from typing import Any

import pytest

from bench.agent_turns import EVENTS
from bench.agent_voices import STRANGERS, Voices
from voicekit import Line

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of the SDK's own making
    from elevenlabs.conversational_ai.conversation import AsyncConversation, Conversation

__all__ = ["AsyncConversation", "Conversation", "agent", "line", "needs_strangers", "said"]

needs_strangers = pytest.mark.skipif(
    not shutil.which("flite"), reason="the callers' voices are flite's: apt-get install flite"
)
_voices: Any = Voices(None)  # type: ignore[arg-type]  # flite needs no client


def said(text: str, number: int = 0, phones: str = "") -> Any:
    """A sentence in one of flite's voices."""
    return _voices.say(text, STRANGERS[number % len(STRANGERS)], phones)


def line(text: str, number: int = 0, **cue: Any) -> Line:
    """The same as something that a caller does."""
    return Line(text, sound=said(text, number), **cue)


def agent(client: Any, eagerness: str = "eager", **sections: Any) -> str:
    """A new agent that waits for the caller to speak; its id."""
    config = {
        "turn": {"turn_eagerness": eagerness},
        "agent": {"first_message": ""},
        "conversation": {"client_events": EVENTS},
        **sections,
    }
    return client.conversational_ai.agents.create(conversation_config=config).agent_id


async def gather(*jobs: Any) -> list[Any]:
    """Run coroutines at once, for `asyncio.run`."""
    return await asyncio.gather(*jobs)
