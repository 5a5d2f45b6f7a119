"""Hold a conversation of the SDK from its start to its end, whatever happens in between.

A thread of its own starts and ends a synchronous conversation. An interrupt (Ctrl-C, the
notebook's stop button) reaches the main thread alone, which only waits: so none can break off an
ending halfway. The SDK's classes are known by their methods; no SDK is imported.
"""

from __future__ import annotations

import functools
import inspect
import queue
import threading
import weakref
from types import TracebackType
from typing import Any, NoReturn, Protocol, TypeVar, overload

from voicekit.conversation.async_session import Async, AsyncSession
from voicekit.conversation.calls import OVER, Call, this_cell
from voicekit.errors import AudioError


class Conversation(Protocol):
    """What is asked of the SDK's class of this name."""

    def start_session(self) -> object:
        """Begin."""

    def end_session(self) -> object:
        """Ask for the end."""

    def wait_for_session_end(self) -> str | None:
        """Return the conversation's id once it has ended."""


Sync = TypeVar("Sync", bound=Conversation)
_METHODS = ("start_session", "end_session", "wait_for_session_end")


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
        self._begun = threading.Event()
        self._starter: threading.Thread | None = None
        self._failure: BaseException | None = None
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
            threading.Thread(target=self._hold, name="voicekit-session", daemon=True).start()
            self._begun.wait()
        except BaseException:  # an interrupt
            self._over.put(None)
            raise
        if self._failure is not None:
            raise self._failure

    def end(self) -> None:
        """End the conversation and wait for its end; calling it twice is safe.

        In another thread than the one that started it, in a callback for instance, it returns at
        once: the end may have to wait for that very thread.
        """
        self._over.put(None)
        if self._starter is threading.current_thread():
            self.wait()
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure

    def __enter__(self) -> Sync:
        self.start()
        return self._conversation

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
        if self._failure is not None:
            if error is None:
                raise self._failure
            error.add_note(f"Ending the conversation failed as well: {self._failure!r}")

    def _hold(self) -> None:
        """Start it, wait for a reason to end it, end it: in a thread that nothing interrupts."""
        following: threading.Thread | None = None
        try:
            for older in self.claim():
                if older.let_go() and isinstance(older, Session):
                    older.wait()  # another's event loop may wait for this start
            self._conversation.start_session()
            following = threading.Thread(
                target=self._follow, name="voicekit-session-end", daemon=True
            )
            following.start()
            self._begun.set()
            self._over.get()
        except BaseException as error:  # told in the thread that waits for the start
            self._failure = error
        try:
            self._conversation.end_session()
            if following is not None:
                following.join()
        except BaseException as error:
            self._failure = self._failure or error
        self._is_over()
        self._begun.set()

    def _follow(self) -> None:
        """End the session when the conversation ends by itself."""
        self._id = self._conversation.wait_for_session_end()
        self._over.put(None)

    def let_go(self) -> bool:
        """End soon and wait for nothing."""
        self._over.put(None)
        return True
