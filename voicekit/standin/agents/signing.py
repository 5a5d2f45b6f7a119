"""Signed URLs: who holds one may start a conversation, for a quarter of an hour.

Source: https://elevenlabs.io/docs/agents-platform/customization/authentication. The signatures
count up instead of being random, so that a run repeats exactly; they protect nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

LIFE = 900.0
"""Seconds in which a conversation must start; it may then last longer."""


@dataclass
class Signature:
    """Leave to start a conversation.

    Attributes:
        expires: Unix seconds.
        conversation_id: the conversation it is for, which makes it good for one start only.
    """

    agent_id: str
    expires: float
    conversation_id: str | None = None
    used: bool = False


class Signatures:
    """All signatures given out.

    Args:
        next_id: makes the next id of a kind.
        clock: Unix seconds.
    """

    def __init__(self, next_id: Callable[[str], str], clock: Callable[[], float]) -> None:
        self._next_id = next_id
        self._clock = clock
        self._given: dict[str, Signature] = {}

    def sign(self, agent_id: str, conversation_id: str | None = None) -> str:
        """A new signature for conversations with an agent."""
        now = self._clock()
        self._given = {text: kept for text, kept in self._given.items() if kept.expires >= now}
        text = self._next_id("cvtkn")
        self._given[text] = Signature(agent_id, now + LIFE, conversation_id)
        return text

    def expires(self, signature: str) -> float:
        """When a signature that `sign` gave ends, in Unix seconds."""
        return self._given[signature].expires

    def redeem(self, signature: str | None, agent_id: str) -> Signature | None:
        """The signature's meaning if it opens a conversation with this agent now, else None."""
        found = self._given.get(signature or "")
        if found is None or found.agent_id != agent_id or self._clock() > found.expires:
            return None
        if found.conversation_id and found.used:
            return None
        found.used = True
        return found
