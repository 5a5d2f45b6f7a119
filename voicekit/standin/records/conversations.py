"""Conversations as they are remembered: who spoke with whom, what was said, and how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from voicekit.standin.agents.register import Register
from voicekit.standin.agents.store import Agent
from voicekit.standin.records.recording import Recording
from voicekit.standin.records.transcript import Item, Role

Status = Literal["initiated", "in-progress", "processing", "done", "failed"]
_log = logging.getLogger(__name__)
KEPT = 1_000
"""Conversations that are remembered, the newest."""

RECORDED = 20
"""Finished conversations whose sound is remembered, the newest."""


@dataclass
class ConversationRecord:
    """One conversation.

    Attributes:
        started: Unix seconds.
        seconds: how long it lasted, once it is finished.
        reason: why it ended, in words; `error` is the close code and reason if it failed.
        initiation: what the client sent first, without its `type`.
        charging: what it would have cost, in the vendor's fields.
        source: which client it was, such as `python_sdk`, and `version`.
        authorization: `public`, `signed_url` or `authorization_header`.
        main_language: as spoken last.
        feedback: scores of the whole conversation, `like` or `dislike`.
        warnings: what did not go well and did not end it, by what it is about.
        files: what was uploaded: name, media type, and content, by id.
        items: the transcript.
    """

    conversation_id: str
    agent_id: str
    agent_name: str
    started: float
    status: Status = "in-progress"
    seconds: float = 0.0
    reason: str = ""
    error: tuple[int, str] | None = None
    user_id: str | None = None
    text_only: bool = False
    initiation: dict[str, Any] = field(default_factory=dict)
    source: str = "unknown"
    version: str | None = None
    authorization: str = "public"
    main_language: str | None = "en"
    charging: dict[str, Any] = field(default_factory=dict)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    warnings: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    recording: Recording = field(default_factory=Recording)
    finished: Callable[[ConversationRecord], None] | None = field(default=None, repr=False)

    def add(self, role: Role, message: str | None, at: float, **more: Any) -> Item:
        """Note what was said `at` seconds into the call; `more` are fields of `Item`."""
        item = Item(role, at, message, **more)
        self.items.append(item)
        return item

    def warn(self, about: str, said: str) -> None:
        """Note what went wrong; a later word about the same takes the place of the earlier."""
        if about not in self.warnings:
            _log.warning("%s: %s", about, said)
        self.warnings[about] = said

    def rate(self, score: str | None, at: float, event_id: int | None = None) -> None:
        """The caller's `like` or `dislike`: of one answer, or of the whole; None takes it back."""
        rated = [i for i in self.items if event_id is not None and i.event_id == event_id]
        for item in rated:
            item.feedback = {"score": score, "time_in_call_secs": int(at)} if score else None
        if score:
            self.feedback.append({"score": score, "at": at})
        else:
            self.feedback.clear()

    def finish(
        self, reason: str, at: float, status: Status = "done", error: tuple[int, str] | None = None
    ) -> None:
        """The conversation ended `at` seconds; a second end changes nothing.

        Args:
            reason: in words, such as `end_call tool was called.`
            at: seconds into the call.
            status: `done` or `failed`.
            error: close code and reason, when `status` is `failed`.
        """
        if self.status in ("done", "failed"):
            return
        self.reason, self.seconds, self.status, self.error = reason, at, status, error
        if self.finished:
            self.finished(self)


class Conversations(Register[ConversationRecord]):
    """All conversations, the oldest first.

    Args:
        next_id: makes the next id of a kind.
        clock: Unix seconds.
        finished: told of every conversation that ends.
    """

    kind = "conversation"

    def __init__(
        self,
        next_id: Callable[[str], str],
        clock: Callable[[], float],
        finished: Callable[[ConversationRecord], None],
    ) -> None:
        super().__init__(next_id, clock)
        self._finished = finished

    def hint(self) -> str:
        """Why one may be gone."""
        return f" The newest {KEPT} are kept."

    def start(
        self,
        agent: Agent,
        *,
        recording: Recording | None = None,
        conversation_id: str | None = None,
        **more: Any,
    ) -> ConversationRecord:
        """A new conversation with an agent; `more` are fields of `ConversationRecord`."""
        recording = recording or Recording()
        if not agent.platform_settings["privacy"]["record_voice"]:
            recording.kept = False
        record = ConversationRecord(
            conversation_id=conversation_id or self.next_id(),
            agent_id=agent.agent_id,
            agent_name=agent.name,
            started=self._clock(),
            recording=recording,
            finished=self._end,
            **more,
        )
        self._kept[record.conversation_id] = record
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return record

    def next_id(self) -> str:
        """An id for a conversation that is still to start."""
        return self._next_id("conv")

    def live(self, agent_id: str) -> int:
        """How many conversations an agent has under way."""
        ended = ("done", "failed")
        return sum(r.agent_id == agent_id and r.status not in ended for r in self.all())

    def _end(self, record: ConversationRecord) -> None:
        ended = [kept for kept in self.all() if kept.status in ("done", "failed")]
        for old in ended[:-RECORDED]:
            old.recording.forget()
        self._finished(record)
