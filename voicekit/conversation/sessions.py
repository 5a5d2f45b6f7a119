"""Hold a conversation of the SDK from its start to its end, whatever happens in between.

A thread of its own starts and ends a synchronous conversation. An interrupt (Ctrl-C, the
notebook's stop button) reaches the main thread alone, which only waits: so none can break off an
ending halfway. A task of its own does the same for an asynchronous one, and no cancellation of the
caller's reaches it. The SDK's classes are known by their methods; no SDK is imported.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import logging
import queue
import threading
import time
import weakref
from contextvars import ContextVar
from types import TracebackType
from typing import Any, NoReturn, Protocol, TypeVar, overload

from voicekit.conversation.calls import OVER, PATIENCE, Call, this_cell
from voicekit.errors import AudioError


class Conversation(Protocol):
    """What tells the SDK's class of this name from the other one."""

    def wait_for_session_end(self) -> str | None:
        """Return the conversation's id once it has ended."""


class AsyncConversation(Protocol):
    """What tells the SDK's class of this name from the other one."""

    async def wait_for_session_end(self) -> str | None:
        """Return the conversation's id once it has ended."""


Sync = TypeVar("Sync", bound=Conversation)
Async = TypeVar("Async", bound=AsyncConversation)
_METHODS = ("start_session", "end_session", "wait_for_session_end")
_log = logging.getLogger(__name__)
_inside: ContextVar[object] = ContextVar("voicekit_session", default=None)


@overload
def session(conversation: Sync) -> Session[Sync]: ...
@overload
def session(conversation: Async) -> AsyncSession[Async]: ...
def session(conversation: Any) -> Session[Any] | AsyncSession[Any]:
    """Make a conversation of the SDK one that ends.

    ```python
    with voicekit.session(conversation):          # an AsyncConversation: async with
        await caller.done()
    ```

    It starts at the block's beginning and has ended at the block's end: after an error, an
    interrupt, a cancellation as well. For a call that goes on after its cell:
    `call = voicekit.session(conversation)`, `call.start()`, `call.end()`. A call ends at the
    latest with the interpreter, or when its cell is run again, its audio device is used for
    another call, or its browser microphone is closed or replaced.

    Args:
        conversation: a `Conversation` or `AsyncConversation` that was not started yet.

    Raises:
        TypeError: it is no conversation.
    """
    missing = [name for name in _METHODS if not callable(getattr(conversation, name, None))]
    if missing or isinstance(conversation, type):
        raise TypeError(
            "voicekit.session() takes a Conversation or AsyncConversation of the ElevenLabs SDK, "
            f"not {conversation!r:.80}."
        )
    if inspect.iscoroutinefunction(conversation.start_session):
        return AsyncSession(conversation)
    return Session(conversation)


class _Exit:
    """The `__exit__` of one `with` statement: an object that lives exactly as long as that does.

    An interrupt may strike on the way into `__exit__`, before its first line. The interpreter then
    drops this object, which ends the session without a line of Python in between.
    """

    def __get__(self, held: Session[Any] | None, owner: type[Session[Any]]) -> Any:
        if held is None:  # asked of the class, by an ExitStack for instance
            return owner._leave
        leave = functools.partial(held._leave)
        held._statement = weakref.ref(leave, held._over.put)
        return leave


class Session(Call[Sync]):
    """A `Conversation` that ends; made by `voicekit.session`."""

    def __init__(self, conversation: Sync) -> None:
        super().__init__(conversation)
        self._over: queue.SimpleQueue[object] = queue.SimpleQueue()  # anything in it ends it
        self._begun: threading.Event = threading.Event()
        self._starter: threading.Thread | None = None
        self._statement: object = None

    def start(self) -> None:
        """Start the conversation, after an older call of this cell or this device has ended.

        Starting it twice is starting it once.

        Raises:
            AudioError: it is over already.
        """
        if self._ended.is_set() or not self._over.empty():
            raise AudioError(OVER)
        if self._starter is not None:
            return
        self._starter, self.cell = threading.current_thread(), this_cell()
        try:
            threading.Thread(target=self._run, name="voicekit-session", daemon=True).start()
            self._begun.wait()
        except BaseException:  # an interrupt
            self._over.put(None)
            raise
        self._raise_failure()

    def end(self) -> None:
        """End the conversation and wait for its end; calling it twice is safe.

        In another thread than the one that started it, in a callback for instance, it returns at
        once: the end may have to wait for that very thread.
        """
        self._over.put(None)
        if self._starter is threading.current_thread():
            self.wait()
            self._raise_failure()

    def let_go(self) -> bool:
        """End soon and wait for nothing."""
        self._over.put(None)
        return True

    def __enter__(self) -> Sync:
        self.start()
        held: Sync = self._conversation
        return held

    __exit__ = _Exit()

    async def __aenter__(self) -> NoReturn:
        raise TypeError("This is a synchronous Conversation: write `with`, without async.")

    async def __aexit__(self, *_: object) -> None:
        """Never called."""

    def _leave(
        self,
        kind: type[BaseException] | None,  # noqa: ARG002
        error: BaseException | None,
        traceback: TracebackType | None,  # noqa: ARG002
    ) -> None:
        self._over.put(None)
        self.wait()
        self._raise_failure(error)

    def _run(self) -> None:
        with contextlib.suppress(StopIteration):
            self._hold().send(None)  # runs to its end: nothing in it awaits

    async def _outlast(self, older: Call[Any]) -> None:
        if isinstance(older, Session):
            older.wait()  # another's event loop may wait for this start

    async def _do(self, method: str) -> Any:
        return getattr(self._conversation, method)()

    async def _reason(self) -> None:
        threading.Thread(target=self._follow, name="voicekit-session-end", daemon=True).start()
        self._over.get()

    def _follow(self) -> None:
        self._conversation.wait_for_session_end()
        self._over.put(None)


class AsyncSession(Call[Async]):
    """An `AsyncConversation` that ends; made by `voicekit.session`."""

    def __init__(self, conversation: Async) -> None:
        super().__init__(conversation)
        self._over = asyncio.Event()
        self._begun: asyncio.Event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the conversation, after an older call of this cell or this device has ended.

        Starting it twice is starting it once.

        Raises:
            AudioError: it is over already.
        """
        if self._over.is_set() or self._ended.is_set():
            raise AudioError(OVER)
        if self._task is not None:
            return
        self._loop, self.cell = asyncio.get_running_loop(), this_cell()
        inside = _inside.set(self)  # the conversation's own task inherits it
        self._task = self._loop.create_task(self._hold())
        _inside.reset(inside)
        try:
            await self._begun.wait()
        except BaseException as error:
            await self._leave(error)
            raise
        self._raise_failure()

    async def end(self) -> None:
        """End the conversation and wait for its end; calling it twice is safe.

        In the conversation's own callbacks, and in another event loop, it returns at once.

        Raises:
            Exception: what the conversation itself died of.
        """
        if self._task is None or self._loop is not asyncio.get_running_loop():
            self.let_go()
        elif _inside.get() is self:
            self._over.set()
        else:
            await self._leave()

    def let_go(self) -> bool:
        """End soon and wait for nothing; False when its event loop has stopped."""
        if self._loop is None:
            self._over.set()
        if self._loop is None or not self._loop.is_running():
            return False
        self._loop.call_soon_threadsafe(self._over.set)
        return True

    async def __aenter__(self) -> Async:
        await self.start()
        held: Async = self._conversation
        return held

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._leave(error)

    def __enter__(self) -> NoReturn:
        raise TypeError("This is an AsyncConversation: write `async with`.")

    def __exit__(self, *_: object) -> None:
        """Never called."""

    async def _leave(self, error: BaseException | None = None) -> None:
        """End, and wait for it also when cancelled; the cancellation goes on after it."""
        self._over.set()
        cancelled: asyncio.CancelledError | None = None
        deadline = time.monotonic() + PATIENCE
        while self._task and not self._task.done() and time.monotonic() < deadline:
            try:
                await asyncio.wait([self._task], timeout=deadline - time.monotonic())
            except asyncio.CancelledError as another:
                cancelled = another
        if self._task and not self._task.done():
            _log.warning("The conversation has not ended after %g s.", PATIENCE)
        self._raise_failure(error or cancelled)
        if cancelled is not None:
            raise cancelled

    async def _outlast(self, older: Call[Any]) -> None:
        await asyncio.to_thread(older.wait)

    async def _do(self, method: str) -> Any:
        return await getattr(self._conversation, method)()

    async def _reason(self) -> None:
        following = asyncio.create_task(self._do("wait_for_session_end"))
        following.add_done_callback(self._has_ended)
        await self._over.wait()

    def _has_ended(self, following: asyncio.Task[Any]) -> None:
        if not following.cancelled():
            following.exception()  # looked at here, and raised by `_hold`
        self._over.set()
