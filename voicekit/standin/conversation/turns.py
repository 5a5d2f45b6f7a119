"""Who has the floor: the caller's turns are answered, and cut the agent's short."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from voicekit.standin.answer.history import Message
from voicekit.standin.answer.reply import Reply
from voicekit.standin.answer.tools import Tools
from voicekit.standin.conversation import events
from voicekit.standin.conversation.call import Call
from voicekit.standin.conversation.ending import Ended
from voicekit.standin.conversation.timers import Timers
from voicekit.standin.records.transcript import Item
from voicekit.standin.script import lines
from voicekit.turns import Speculation


@dataclass(frozen=True)
class _Early:
    """An answer made before the caller's turn is over."""

    message: Message
    reply: Reply
    task: asyncio.Task[None]


@dataclass(frozen=True)
class _Spoken:
    """A turn of the caller's voice, and what answers it."""

    message: Message
    item: Item
    reply: Reply


class Turns:
    """The turns of one conversation.

    Args:
        call: the conversation.
        tools: what the language model may call.
        timers: told when the caller speaks and when the agent has finished.
        group: runs the agent's replies.
    """

    def __init__(self, call: Call, tools: Tools, timers: Timers, group: asyncio.TaskGroup) -> None:
        self._call = call
        self._tools = tools
        self._timers = timers
        self._group = group
        self._reply: Reply | None = None
        self._task: asyncio.Task[None] | None = None
        self._speculation = Speculation[_Early]()
        self._spoken: _Spoken | None = None
        self._later: Callable[[], None] | None = None

    @property
    def agent_talks(self) -> bool:
        """Whether the agent is being heard."""
        return self._reply is not None and self._reply.audible

    @property
    def interruptible(self) -> bool:
        """Whether the caller may cut in now."""
        reply = self._reply
        return reply is None or (
            reply.interruptible
            and (self._call.opening.text_only or self._call.outbox.wants("interruption"))
        )

    def open(self) -> None:
        """Say the first message, or wait for the caller."""
        agent = self._call.opening.config.agent
        if self._call.opening.first_message:
            self._say(
                self._call.opening.first_message,
                interruptible=not agent.disable_first_message_interruptions,
            )
        else:
            self._timers.agent_waits(first=True)

    def user_said(
        self,
        text: str,
        medium: Literal["audio", "text"],
        event_id: int | None = None,
        trailing: float | None = None,
    ) -> None:
        """A turn of the caller is over; answer it, once the agent may be cut short.

        Args:
            text: what was said.
            medium: how.
            event_id: the turn's id, if it has one already.
            trailing: seconds from the end of the turn to the transcript.
        """
        if not self.interruptible:
            self._later = partial(self.user_said, text, medium, event_id, trailing)
            return
        call = self._call
        guess = self._speculation.release(text)
        if guess is None:
            self.unguess()
            self.interrupt()
        event_id = event_id or call.next_event()
        if medium == "audio":
            call.outbox.post(events.user_transcript(text, event_id))
        item = call.record.add("user", text, call.at, event_id=event_id, medium=medium)
        if trailing is not None:
            item.measure("convai_asr_trailing_service_latency", round(trailing, 6))
        if guess:
            message, reply = guess.work.message, guess.work.reply
            self._adopt(reply, guess.work.task)
            reply.release()
        else:
            message, reply = call.history.user(text), Reply(call, self._tools)
            self._start(reply)
        self._spoken = _Spoken(message, item, reply) if medium == "audio" else None

    @property
    def unheard(self) -> bool:
        """Whether the caller's last turn is being answered, and nothing came of it yet."""
        reply, spoken = self._reply, self._spoken
        if reply is None or spoken is None or spoken.reply is not reply:
            return False
        return self.interruptible and not reply.audible and not reply.acted

    def take_back(self) -> bool:
        """The caller's last turn was not over: forget it, unless an answer was heard already."""
        if not self.unheard or self._spoken is None:
            return False
        spoken, items = self._spoken, self._call.record.items
        self.interrupt()
        self._call.history.remove(spoken.message)
        del items[items.index(spoken.item) :]
        return True

    def user_unclear(self) -> None:
        """The caller spoke, and was not understood: say so."""
        self.unguess()
        if self.interruptible:
            self.interrupt()
            self._say(lines.agents("not_understood"))

    def cut_in(self) -> bool:
        """The caller begins to speak; whether the agent was cut short by it."""
        talked = self.agent_talks
        if not self.interruptible:
            return False
        self.interrupt()
        return talked

    def nobody_speaks(self) -> None:
        """What seemed a turn of the caller was none."""
        if self._reply is None:
            self._timers.agent_waits()

    def guess(self, text: str) -> None:
        """The caller may have finished with this: make an answer, and hold it."""
        if self._reply or not self._speculation.wants(text):
            return
        self.unguess()
        message = self._call.history.user(text)
        reply = Reply(self._call, self._tools, released=False)
        task = self._group.create_task(reply.run())
        self._speculation.hold(text, _Early(message, reply, task))

    def unguess(self) -> None:
        """The caller goes on: what was prepared is of no use."""
        if guess := self._speculation.drop():
            guess.work.reply.cut()
            guess.work.task.cancel()
            self._call.history.remove(guess.work.message)

    def ask_again(self) -> None:
        """The caller has been silent for long: let the agent say something."""
        self._call.record.add(
            "user", lines.SILENCE, self._call.at, event_id=self._call.next_event()
        )
        self._call.history.user(lines.SILENCE)
        self._start(Reply(self._call, self._tools))

    def close_with(self, line: str, end: Ended) -> None:
        """Say a last line that nobody may cut short, then end the call."""
        self.interrupt()
        self._start(Reply(self._call, self._tools, line, interruptible=False, ends=end))

    def interrupt(self) -> None:
        """Stop the agent, and leave behind what was heard."""
        reply, task = self._reply, self._task
        self._reply = self._task = None
        if reply and task:
            reply.cut()
            task.cancel()
        self._timers.floor_is_taken()

    def _say(self, line: str, *, interruptible: bool = True) -> None:
        self._start(Reply(self._call, self._tools, line, interruptible=interruptible))

    def _start(self, reply: Reply) -> None:
        self._adopt(reply, self._group.create_task(reply.run()))

    def _adopt(self, reply: Reply, task: asyncio.Task[None]) -> None:
        self.interrupt()
        self._reply, self._task = reply, task
        task.add_done_callback(lambda done: self._over(reply, done))

    def _over(self, reply: Reply, task: asyncio.Task[None]) -> None:
        """A reply has been heard to its end."""
        if self._reply is not reply or task.cancelled():
            return
        self._reply = self._task = None
        later, self._later = self._later, None
        if later:
            later()
        elif not reply.waits:
            self._timers.agent_waits()
