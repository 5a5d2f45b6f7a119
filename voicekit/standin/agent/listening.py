"""The caller's sound: heard, cut into turns, understood, and handed to who has the floor."""

from __future__ import annotations

import asyncio

from voicekit.standin.agent.call import Call
from voicekit.standin.agent.timers import Timers
from voicekit.standin.agent.turns import Turns


class Listening:
    def __init__(self, call: Call, turns: Turns, timers: Timers) -> None:
        self._sounds: asyncio.Queue[bytes] = asyncio.Queue()

    def hear(self, sound: bytes) -> None:
        self._sounds.put_nowait(sound)

    async def run(self) -> None:
        while True:
            await self._sounds.get()
