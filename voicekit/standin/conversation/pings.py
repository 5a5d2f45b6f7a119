"""Pings: whether the client is there, and how long a message takes to it and back."""

from __future__ import annotations

import asyncio
from typing import Any

from voicekit.standin.conversation import events
from voicekit.standin.conversation.call import Call

CADENCE = 2.0
"""Seconds between pings; the hosted platform's own cadence is not published."""


class Pings:
    """One conversation's pings; their ids count on their own."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._sent: dict[int, float] = {}

    async def run(self) -> None:
        """Ask, again and again."""
        number = 0
        while True:
            number += 1
            self._sent = {number: self._call.state.now()}
            measured = self._call.round_trip
            self._call.outbox.post(
                events.ping(number, max(1, round(measured * 1000)) if measured else None)
            )
            await asyncio.sleep(CADENCE)

    def answered(self, message: dict[str, Any]) -> None:
        """A pong came; one that answers an older ping is passed over."""
        sent = self._sent.pop(message["event_id"], None) if _is_id(message) else None
        if sent is not None:
            self._call.round_trip = self._call.state.now() - sent


def _is_id(message: dict[str, Any]) -> bool:
    return isinstance(message.get("event_id"), int)
