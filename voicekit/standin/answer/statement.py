"""Something the agent says in one go: from one answer of the language model, or a set line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from voicekit.standin.answer.clauses import Cutter
from voicekit.standin.records.transcript import Item


@dataclass(eq=False)
class Statement:
    """A statement as it grows.

    Attributes:
        text: all of it so far.
        question: what the language model was asked; empty for a set line.
        cutter: where it is cut for the voice.
        given: how many of its characters the voice was given.
        at: seconds into the call when it began.
        message: its place in the history, once it is whole.
        item: its place in the record, likewise.
        metrics: seconds by the vendor's names.
    """

    at: float
    question: str = ""
    text: str = ""
    cutter: Cutter = field(default_factory=Cutter)
    given: int = 0
    message: dict[str, Any] | None = None
    item: Item | None = None
    metrics: dict[str, float] = field(default_factory=dict)

    def measure(self, name: str, seconds: float) -> None:
        """Note how long something took, the first time it happens."""
        self.metrics.setdefault(name, round(seconds, 6))
        if self.item:
            self.item.metrics = self.metrics

    def first_audio(self, asked: float, now: float) -> None:
        """Its first sound leaves, asked for at `asked`."""
        self.measure("convai_tts_service_ttfb", now - asked)
