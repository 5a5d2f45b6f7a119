"""The calls that go on: how one is held, which one gives way to a newer one, what ends them all."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from voicekit.serving import at_exit

Held = TypeVar("Held")
PATIENCE = 15.0
"""Seconds to wait for an end, since a callback of the user's may hang."""
OVER = "This session is over. Make a new Conversation, and a new session of it."
_log = logging.getLogger(__name__)
_running: set[Call[Any]] = set()
_guard = threading.Lock()


class Call(Generic[Held]):
    """A conversation that is held: by a thread that blocks, or by a task that awaits.

    Both go through `_hold`, which a thread never suspends.
    """

    _begun: threading.Event | asyncio.Event
    """Set when the conversation has started, or failed to."""

    def __init__(self, conversation: Held) -> None:
        self._conversation: Any = conversation
        audio = getattr(conversation, "audio_interface", None)
        self._microphone = getattr(audio, "microphone", None)
        self._device = audio if self._microphone is None else self._microphone
        self._failure: BaseException | None = None
        self._id: str | None = None
        self._ended = threading.Event()
        self._forget: Callable[[], None] = lambda: None
        self.cell: tuple[str, str] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # no state: notebooks compare it

    @property
    def conversation_id(self) -> str | None:
        """The vendor's id, once the agent has answered; it stays available after the end."""
        return self._id or getattr(self._conversation, "_conversation_id", None)

    def let_go(self) -> bool:
        """End soon and wait for nothing; False when no end will come."""
        raise NotImplementedError

    def wait(self) -> None:
        """Block until it has ended, or say that it does not."""
        if not self._ended.wait(PATIENCE):
            _log.warning(
                "The conversation has not ended after %g s. Does a callback of yours wait for the "
                "thread that ends it?",
                PATIENCE,
            )

    async def _outlast(self, older: Call[Any]) -> None:
        """Wait for the end of an older call."""
        raise NotImplementedError

    async def _do(self, method: str) -> Any:
        """Call the conversation's method of this name."""
        raise NotImplementedError

    async def _reason(self) -> None:
        """Wait until the conversation has ended by itself, or is to end."""
        raise NotImplementedError

    async def _hold(self) -> None:
        """Start it, wait for a reason to end it, end it: where nothing breaks that off."""
        started = False
        try:
            for older in self._claim():
                if older.let_go():
                    await self._outlast(older)
            await self._do("start_session")
            started = True
            self._begun.set()
            await self._reason()
        except BaseException as error:  # raised where somebody waits for the start or the end
            self._failure = error
        try:
            await self._do("end_session")
            if started:
                self._id = await self._do("wait_for_session_end")
        except BaseException as error:
            self._failure = self._failure or error
        self._forget()
        with _guard:
            _running.discard(self)
        self._ended.set()
        self._begun.set()

    def _claim(self) -> list[Call[Any]]:
        """Be known as going on; return the older calls that give way to this one."""
        with _guard:
            older = [call for call in _running if call._gives_way_to(self)]
            _running.add(self)
        if self._microphone is not None:
            self._forget = self._microphone.on_close(self.let_go)
        return older

    def _gives_way_to(self, newer: Call[Any]) -> bool:
        """Whether both use one device, or `newer` is of a later run of this one's cell."""
        if self._conversation is newer._conversation:
            return True
        if self._device is not None and self._device is newer._device:
            return True
        mine, its = self.cell, newer.cell
        return mine is not None and its is not None and mine[0] == its[0] and mine[1] != its[1]

    def _raise_failure(self, error: BaseException | None = None) -> None:
        """Raise once what went wrong; where another error is on its way, add a note to that."""
        failure, self._failure = self._failure, None
        if failure is not None and failure is not error:
            if error is None:
                raise failure
            error.add_note(f"Ending the conversation failed as well: {failure!r}")


def this_cell() -> tuple[str, str] | None:
    """The notebook's cell that runs here, and which run of it this is; None elsewhere."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    request: dict[str, Any] = getattr(shell, "get_parent", dict)()
    run = request.get("header", {}).get("msg_id")
    # Front ends name the cell; for those that do not, a cell is known by what is in it.
    cell = request.get("metadata", {}).get("cellId") or request.get("content", {}).get("code")
    return (cell, run) if cell and run else None


def _end_all() -> None:
    """End what still goes on when the interpreter goes down."""
    with _guard:
        calls = tuple(_running)
    for call in [call for call in calls if call.let_go()]:
        call.wait()


at_exit(_end_all)  # while a stand-in still serves, and before Python waits for the SDK's thread
