"""Hold an `AsyncConversation` from its start to its end, whatever happens in between."""

from __future__ import annotations

import asyncio
import logging
import time
from contextvars import ContextVar
from types import TracebackType
from typing import NoReturn, Protocol, TypeVar

from voicekit.conversation.calls import PATIENCE, Call, this_cell
from voicekit.errors import AudioError


class AsyncConversation(Protocol):
    """What is asked of the SDK's class of this name."""

    async def start_session(self) -> object:
        """Begin."""

    async def end_session(self) -> object:
        """Ask for the end."""

    async def wait_for_session_end(self) -> str | None:
        """Return the conversation's id once it has ended."""


Async = TypeVar("Async", bound=AsyncConversation)
_log = logging.getLogger(__name__)
_inside: ContextVar[object] = ContextVar("voicekit_session", default=None)


class AsyncSession(Call[Async]):
    """An `AsyncConversation` that ends; made by `voicekit.session`."""

    def __init__(self, conversation: Async) -> None:
        super().__init__(conversation)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._following: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the conversation, after an older call of this cell or this device has ended.

        Starting it twice is starting it once.

        Raises:
            AudioError: it is over already.
        """
        if self._ending is not None:
            raise AudioError(
                "This session is over. Make a new Conversation, and a new session of it."
            )
        if self._loop is not None:
            return
        self._loop, self.cell = asyncio.get_running_loop(), this_cell()
        try:
            for older in self.claim():
                if older.let_go():
                    await asyncio.to_thread(older.wait)
            inside = _inside.set(self)  # the conversation's own task inherits it
            try:
                await self._conversation.start_session()
            finally:
                _inside.reset(inside)
            self._following = self._loop.create_task(self._follow())
        except BaseException as error:
            await self._end_after(error)
            raise

    async def end(self) -> None:
        """End the conversation and wait for its end; calling it twice is safe.

        In the conversation's own callbacks, and in another event loop, it returns at once.

        Raises:
            Exception: what the conversation itself died of.
        """
        if self._loop is None:
            return
        if self._loop is not asyncio.get_running_loop():
            self.let_go()
            return
        ending = self._end_soon()
        if _inside.get() is not self:
            await self._wait(ending)

    async def __aenter__(self) -> Async:
        await self.start()
        return self._conversation

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            await self.end()
        else:
            await self._end_after(error)

    def __enter__(self) -> NoReturn:
        raise TypeError("This is an AsyncConversation: write `async with`.")

    def __exit__(self, *_: object) -> None:
        """Never called."""

    async def _end_after(self, error: BaseException) -> None:
        """End, and let no second error hide the first."""
        try:
            await self.end()
        except Exception as second:
            error.add_note(f"Ending the conversation failed as well: {second!r}")

    async def _finish(self) -> None:
        try:
            await self._conversation.end_session()
        finally:
            if self._following is not None:
                await self._following
            self._is_over()

    async def _follow(self) -> None:
        """Note that the conversation has ended, by itself or because it was told to."""
        try:
            self._id = await self._conversation.wait_for_session_end()
        finally:
            self._is_over()

    async def _wait(self, ending: asyncio.Task[None]) -> None:
        """Wait for the end also when cancelled; the cancellation goes on after it."""
        cancelled: asyncio.CancelledError | None = None
        deadline = time.monotonic() + PATIENCE
        while not ending.done() and time.monotonic() < deadline:
            try:
                await asyncio.wait([ending], timeout=deadline - time.monotonic())
            except asyncio.CancelledError as error:
                cancelled = error
        if not ending.done():
            _log.warning("The conversation has not ended after %g s.", PATIENCE)
        if cancelled is not None:
            raise cancelled
        if ending.done():
            ending.result()

    def let_go(self) -> bool:
        """End soon and wait for nothing; False when its event loop has stopped."""
        if self._loop is None or not self._loop.is_running():
            return False
        self._loop.call_soon_threadsafe(self._end_soon)
        return True

    def _end_soon(self) -> asyncio.Task[None]:
        if self._ending is None:
            self._ending = asyncio.create_task(self._finish())
        return self._ending
