"""One turn of the agent: an answer is made, spoken, and perhaps cut short.

A reply may be made before it is wanted (on speculation): what it would send or note is held until
`release`, and gone without a trace if that never comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from voicekit.standin.answer.answering import Answering
from voicekit.standin.answer.model import ToolCall
from voicekit.standin.answer.playout import LAG, Playout, whole_words
from voicekit.standin.answer.speaker import Speaker
from voicekit.standin.answer.statement import Statement
from voicekit.standin.answer.tools import Tools
from voicekit.standin.catalog.profiles import wait_until
from voicekit.standin.conversation import events
from voicekit.standin.conversation.call import Call
from voicekit.standin.conversation.ending import NORMAL, Ended, first_end

MOST_ROUNDS = 8
"""Answers of the language model in one turn, whatever tools it calls: a loop ends."""


class Reply:
    """A turn of the agent.

    Args:
        call: the conversation.
        tools: what the language model may call.
        line: what to say; without it, the language model is asked.
        released: whether it may be heard from the start.
        interruptible: whether the caller may cut in.
        ends: why the call ends once this was said, if it does.
    """

    def __init__(
        self,
        call: Call,
        tools: Tools,
        line: str = "",
        *,
        released: bool = True,
        interruptible: bool = True,
        ends: Ended | None = None,
    ) -> None:
        self._call = call
        self._tools = tools
        self._line = line
        self._ends = ends
        self.interruptible = interruptible
        self.event_id = call.next_event()
        self.waits = False
        self.acted = False
        self.statements: list[Statement] = []
        self._open_calls: list[ToolCall] = []
        self._cut = False
        self._held: list[Callable[[], None]] = []
        self._released = asyncio.Event()
        self._playout = Playout()
        self._speaker: Speaker | None = None
        if not call.opening.text_only:
            self._speaker = Speaker(call, self.event_id, self._released, self._playout)
        if released:
            self._released.set()

    @property
    def audible(self) -> bool:
        """Whether any sound of it has left."""
        return self._playout.begun

    @property
    def _known(self) -> bool:
        """Whether the caller knows anything of it."""
        return self._speaker is None or self._playout.begun

    def release(self) -> None:
        """Let it be heard: what was held happens now."""
        self._released.set()
        for step in self._held:
            step()
        self._held.clear()

    async def run(self) -> None:
        """Answer, speak, and wait until it was heard.

        Raises:
            Ended: the call ends, well or not.
        """
        try:
            async with asyncio.TaskGroup() as group:
                if self._speaker:
                    group.create_task(self._speaker.run())
                await self._answer()
                if self._speaker:
                    self._speaker.finish()
        except* Ended as group_of_ends:
            raise first_end(group_of_ends) from None
        await self._released.wait()
        await wait_until(self._playout.ends)
        self._do(lambda: self._call.outbox.post(events.complete(self.event_id)))
        if self._ends:
            raise self._ends

    async def _answer(self) -> None:
        if self._line:
            self._say(self._line)
            return
        for _ in range(MOST_ROUNDS):
            statement = self._begin(self._call.history.last_user)
            answering = Answering(self._call, self._tools.definitions, statement)
            calls = await answering.run(partial(self._hear, statement), self._say)
            self._finish(statement, calls)
            if not calls:
                return
            await self._released.wait()
            self._open_calls = list(calls)
            for called in calls:
                if await self._run_tool(called, statement):
                    return

    async def _run_tool(self, called: ToolCall, statement: Statement) -> bool:
        """Run a tool; whether the turn is over with it."""
        self.acted = True
        result = await self._tools.run(called, self.event_id, statement)
        self._open_calls.remove(called)
        self._call.history.tool(called.id, result.text)
        if result.says:
            self._say(result.says)
        if result.ends:
            if self._speaker:
                self._speaker.finish()
            await self._spoken()
            self._tools.tell(called, self.event_id, result)
            raise Ended(NORMAL, result.ends)
        self.waits = result.waits
        return result.waits

    async def _spoken(self) -> None:
        """Wait until the voice has said all it was given, and that was heard."""
        if self._speaker:
            await self._speaker.done.wait()
        await wait_until(self._playout.ends)

    def _begin(self, question: str = "") -> Statement:
        statement = Statement(self._call.at, question)
        self.statements.append(statement)
        return statement

    def _say(self, line: str) -> None:
        """Say a set line."""
        statement = self._begin()
        self._hear(statement, line)
        self._finish(statement, [])

    def _hear(self, statement: Statement, text: str) -> None:
        """The next piece of a statement."""
        if self._cut:
            return
        first = not statement.text
        statement.text += text
        if self._speaker:
            for part in statement.cutter.feed(text):
                self._speaker.say(part, statement)
        if first:
            self._part("start", "")
        self._part("delta", text)

    def _part(self, kind: events.Part, text: str) -> None:
        event = events.chat_part(kind, text, self.event_id)
        always = self._call.opening.text_only
        self._do(lambda: self._call.outbox.post(event, always=always))

    def _finish(self, statement: Statement, calls: list[ToolCall]) -> None:
        """A statement is whole: the client, the history and the record get it."""
        if self._cut:
            return
        if self._speaker and (rest := statement.cutter.flush()):
            self._speaker.say(rest, statement)
        if statement.text:
            self._part("stop", "")
        self._do(lambda: self._note(statement, calls))

    def _note(self, statement: Statement, calls: list[ToolCall]) -> None:
        call = self._call
        if not statement.text and not calls:
            return
        statement.message = call.history.assistant(
            statement.text, [called.message() for called in calls]
        )
        statement.item = call.record.add(
            "agent",
            statement.text or None,
            statement.at,
            event_id=self.event_id,
            medium="text" if call.opening.text_only else "audio",
            metrics=statement.metrics,
            rag=call.retrieved(statement.question),
        )
        if statement.text:
            call.outbox.post(events.agent_response(statement.text, self.event_id))

    def _do(self, step: Callable[[], None]) -> None:
        """Take a step that others see, now or once it may be seen."""
        if self._cut:
            return
        if self._released.is_set():
            step()
        else:
            self._held.append(step)

    def cut(self) -> None:
        """The caller cut in, or the turn is not wanted any more: leave behind what was heard.

        Its task must be cancelled as well.
        """
        released = self._released.is_set()
        for statement in self.statements if released and self._known else ():
            if statement.message is None and statement.text:
                self._part("stop", "")
                self._note(statement, [])
        self._cut = True
        if self._speaker:
            self._speaker.silent = True
        for called in self._open_calls:
            self._call.history.tool(called.id, "The caller spoke before the tool had answered.")
        if released and self._speaker:
            self._correct()

    def _correct(self) -> None:
        call = self._call
        stated = [s for s in self.statements if s.text and s.message is not None]
        if not stated:
            return
        now = call.state.now()
        call.outbox.withdraw_audio()
        call.outbox.post(events.interruption(self.event_id))
        call.record.recording.interrupted(now - call.started)
        heard_until = now - LAG - call.round_trip / 2
        for statement in stated:
            heard = whole_words(statement.text, self._playout.heard(statement, heard_until))
            if heard == statement.text.rstrip():
                continue
            corrected = f"{heard}..."
            call.outbox.post(events.correction(statement.text, corrected, self.event_id))
            call.history.correct(statement.message, corrected if heard else "")
            if statement.item:
                statement.item.cut(corrected)
