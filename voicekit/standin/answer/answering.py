"""Asking the language model once: text as it comes, calls at the end, a filler when it is slow."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any

from voicekit.standin.answer.model import MUTE, ToolCall
from voicekit.standin.answer.statement import Statement
from voicekit.standin.conversation.call import Call
from voicekit.standin.conversation.ending import OPERATIONAL, Ended

Hear = Callable[[str], None]


class Answering:
    """One answer of the language model.

    Args:
        call: the conversation.
        tools: what the model may call, as OpenAI's API names tools.
        statement: what its times are noted in.
    """

    def __init__(self, call: Call, tools: list[dict[str, Any]], statement: Statement) -> None:
        self._call = call
        self._tools = tools
        self._statement = statement

    async def run(self, hear: Hear, say: Hear) -> list[ToolCall]:
        """Pass every piece of text to `hear`; give the tool calls.

        `say` is called with the filler, when the agent has one and the model is slow to begin.

        Raises:
            Ended: the model failed, or said nothing for `MUTE` seconds.
        """
        call, state = self._call, self._call.state
        history = call.history
        asked = state.now()
        messages = history.messages(call.knowledge(history.last_user))
        stream = call.model.answer(messages, self._tools)
        calls: list[ToolCall] = []
        try:
            async with contextlib.aclosing(stream), asyncio.timeout(MUTE) as mute:
                piece = await self._first(stream, say)
                while piece is not None:
                    mute.reschedule(state.now() + MUTE)
                    self._statement.measure("convai_llm_service_ttfb", state.now() - asked)
                    if isinstance(piece, ToolCall):
                        calls.append(piece)
                    elif piece:
                        hear(piece)
                        if self._statement.given:
                            self._sentence(state.now() - asked)
                    piece = await anext(stream, None)
        except TimeoutError:
            said = f"The language model said nothing for {MUTE:g} s."
            raise Ended(OPERATIONAL, said, "llm_timeout") from None
        self._sentence(state.now() - asked)
        return calls

    def _sentence(self, seconds: float) -> None:
        self._statement.measure("convai_llm_service_ttf_sentence", seconds)

    async def _first(
        self, stream: AsyncGenerator[str | ToolCall, None], say: Hear
    ) -> str | ToolCall | None:
        """The model's first piece; None when it has nothing to say."""
        soft = self._call.opening.config.turn.soft_timeout_config
        first = asyncio.ensure_future(anext(stream, None))
        try:
            if soft.timeout_seconds >= 0 and not self._call.opening.text_only:
                done, _ = await asyncio.wait({first}, timeout=soft.timeout_seconds)
                if not done and soft.message:
                    say(soft.message)
            return await first
        finally:
            if not first.done():
                first.cancel()
                await asyncio.wait({first})
