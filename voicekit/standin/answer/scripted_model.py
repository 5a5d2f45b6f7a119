"""The scripted responder as an agent's language model, at the pace of the latency profile."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from voicekit.standin.answer.model import ToolCall
from voicekit.standin.catalog.profiles import wait_until
from voicekit.standin.conversation.ending import OPERATIONAL, Ended
from voicekit.standin.openai.chat import ChatRequest
from voicekit.standin.script import completions, lines, responder
from voicekit.standin.script.dialogue import Answer
from voicekit.standin.script.intents import intents
from voicekit.standin.script.tool_rules import Call
from voicekit.standin.state import State

END = "end_call"


class ScriptedModel:
    """Answers from the script.

    Args:
        state: for the profile, the clock and ids.
        look_up: passages of the agent's knowledge base that fit a question; empty when none does.
    """

    name = "voicekit-scripted"

    def __init__(self, state: State, look_up: Callable[[str], str]) -> None:
        self._state = state
        self._look_up = look_up

    async def answer(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]
    ) -> AsyncGenerator[str | ToolCall, None]:
        """See `Model.answer`."""
        profile, at = self._state.profile, self._state.now()
        body = {"model": self.name, "messages": messages, **({"tools": tools} if tools else {})}
        try:
            request = ChatRequest.model_validate(body)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            said = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise Ended(
                OPERATIONAL, f"A language model would refuse this request: {said}", "llm_error"
            ) from None
        decided = self._decide(request)
        done = completions.complete(request, decided, lambda: self._state.next_id("call"))
        for index, delta in enumerate(done.deltas):
            await wait_until(at + profile.token_due(index))
            if "content" in delta:
                yield delta["content"]
        for call in done.tool_calls:
            function = call["function"]
            yield ToolCall(call["id"], function["name"], function["arguments"])

    async def close(self) -> None:
        """There is nothing to give back."""

    def _decide(self, request: ChatRequest) -> Answer:
        if request.messages[-1].text == lines.SILENCE:
            return Answer("script", lines.agents("still_there"))
        found = responder.answer(request)
        scripted = found.layer in ("fallback", "retrieval")  # its own documents come first
        if scripted and (known := self._look_up(request.messages[-1].text)):
            return Answer("retrieval", known)
        return replace(found, calls=tuple(map(_with_parting, found.calls)))


def _with_parting(call: Call) -> Call:
    """A call that ends the conversation with the script's own goodbye to say first."""
    parting = next(intent.answer for intent in intents() if END in intent.tools)
    with_parting = {"message": parting, **call.arguments}
    return replace(call, arguments=with_parting) if call.name == END else call
