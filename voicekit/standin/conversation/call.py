"""One conversation under way: what all its parts share."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from voicekit.standin.agents.store import Agent
from voicekit.standin.answer.history import History
from voicekit.standin.answer.model import Model
from voicekit.standin.catalog.elevenlabs import Voice
from voicekit.standin.conversation.initiation import Opening
from voicekit.standin.conversation.outbox import Outbox
from voicekit.standin.records.conversations import ConversationRecord
from voicekit.standin.state import State


@dataclass
class Call:
    """One conversation.

    Attributes:
        started: when it began, on the state's clock.
        round_trip: seconds that the last ping took; 0 before the first.
    """

    state: State
    agent: Agent
    opening: Opening
    record: ConversationRecord
    outbox: Outbox
    history: History
    model: Model
    voice: Voice
    started: float
    round_trip: float = 0.0
    _events: itertools.count[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    @property
    def at(self) -> float:
        """Seconds into the call."""
        return self.state.now() - self.started

    def next_event(self) -> int:
        """The id of the next turn, 1 or more: clients drop audio up to the id of a cut turn."""
        return next(self._events)

    def knowledge(self, question: str) -> str:
        """What the agent's documents say, for the prompt; empty without documents."""
        return self.state.knowledge.context(self.agent, question)

    def retrieved(self, question: str) -> dict[str, Any] | None:
        """What an answer's item of the record tells of that; None for an agent without RAG."""
        return self.state.knowledge.traced(self.agent, question) if question else None
