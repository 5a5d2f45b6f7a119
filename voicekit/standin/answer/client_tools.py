"""Client tools: the client is asked to run something, and perhaps waited for."""

from __future__ import annotations

import asyncio
from typing import Any

from voicekit.standin.answer.system_tools import Result
from voicekit.standin.conversation import events
from voicekit.standin.conversation.call import Call

PATIENCE = 20.0
"""Seconds that a client has by default; a tool's `response_timeout_secs` says otherwise."""


class ClientTools:
    """The calls that the client has not answered yet."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._waiting: dict[str, asyncio.Future[Result]] = {}

    async def run(
        self, tool: dict[str, Any], call_id: str, arguments: dict[str, Any], event_id: int
    ) -> Result:
        """Ask the client, and wait if the tool expects a response."""
        expected = bool(tool.get("expects_response"))
        event = events.client_tool_call(
            tool["name"], call_id, arguments, event_id, expects_response=expected
        )
        if not expected:
            self._call.outbox.post(event)
            return Result("Done.")
        seconds = float(tool.get("response_timeout_secs") or PATIENCE)
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = answer
        self._call.outbox.post(event)
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            return Result.error(f"The client did not answer within {seconds:g} s.")
        finally:
            del self._waiting[call_id]

    def answered(self, message: dict[str, Any]) -> None:
        """The client sent a `client_tool_result`; one that nobody waits for is passed over."""
        waiting = self._waiting.get(message["tool_call_id"])
        if waiting is None or waiting.done():
            return
        text = message["result"]
        waiting.set_result(Result.error(text) if message["is_error"] else Result(text))
