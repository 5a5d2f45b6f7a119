"""The clocks of a conversation: silence, the longest duration, and a client that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicekit.standin.conversation.call import Call
from voicekit.standin.conversation.ending import NORMAL, OPERATIONAL, Ended

GONE = 60.0
"""Seconds without any message from the client, after which the hosted platform closes."""


_BUSY = 0.2  # seconds until ears that are behind are looked at again


class Timers:
    """Knows since when nobody speaks, and acts when that lasts too long."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._changed = asyncio.Event()
        now = call.state.now()
        self._heard = self._input = now
        self._waiting: tuple[float, float] | None = None
        self.unheard: Callable[[], bool] = lambda: False
        """Whether something was said that the ears have not made out yet."""

    def client_lives(self) -> None:
        """A message came, whatever it says."""
        self._input = self._call.state.now()

    def caller_is_there(self) -> None:
        """The caller speaks, types, or shows in another way to be there."""
        self._heard = self._call.state.now()
        if self._waiting:
            self._waiting = (self._heard, self._waiting[1])
        self._changed.set()

    def floor_is_taken(self) -> None:
        """Somebody speaks, or is about to: nobody is waited for."""
        self._waiting = None
        self._changed.set()

    def agent_waits(self, *, first: bool = False) -> None:
        """It is the caller's turn; `first` when the call begins with it."""
        turn = self._call.opening.config.turn
        patience = turn.turn_timeout
        if first and turn.initial_wait_time is not None:
            patience = turn.initial_wait_time
        if patience >= 0 and not self._call.opening.text_only:
            self._waiting = (self._call.state.now(), patience)
        self._changed.set()

    async def run(
        self, ask_again: Callable[[], None], last_words: Callable[[str, Ended], None]
    ) -> None:
        """Act when a time is up.

        Raises:
            Ended: the call has lasted, or been silent, for too long; or the client is gone.
        """
        config = self._call.opening.config
        longest = config.conversation.max_duration_seconds
        quiet = config.turn.silence_end_call_timeout
        parting = str(
            (config.conversation.model_extra or {}).get("max_conversation_duration_message") or ""
        )
        over: float | None = self._call.started + longest
        while True:
            self._changed.clear()
            now = self._call.state.now()
            dues = [self._input + GONE]
            if now >= dues[0]:
                said = f"The client sent nothing for {GONE:g} s."
                raise Ended(OPERATIONAL, said, "transport_receive_timeout")
            if quiet >= 0:
                dues.append(self._heard + quiet)
                if now >= dues[-1]:
                    raise Ended(NORMAL, f"The caller was silent for {quiet:g} s.")
            if over is not None:
                dues.append(over)
                if now >= over:
                    end = Ended(
                        NORMAL,
                        f"The conversation reached its longest duration, {longest} s.",
                        "max_duration_exceeded",
                    )
                    if not parting:
                        raise end
                    last_words(parting, end)
                    over = None
                    continue
            if self._waiting:
                dues.append(sum(self._waiting))
                if now >= dues[-1] and self.unheard():
                    dues[-1] = now + _BUSY  # silence is what was heard, not what was not
                elif now >= dues[-1]:
                    self._waiting = None
                    ask_again()
                    continue
            await self._sleep(min(dues) - now)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass
