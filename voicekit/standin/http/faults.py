"""Faults on request: what a network or a vendor does on a bad day, at a moment of your choice.

A fault waits for a request whose path matches, acts once (or `times`), and is gone. Kinds:

| kind        | what the client sees                                                            |
|-------------|---------------------------------------------------------------------------------|
| `refuse`    | the vendor's own error (`name` from `data/refusals.toml`) instead of an answer  |
| `slow`      | the first byte comes `seconds` late                                             |
| `stall`     | after `after` pieces nothing for `seconds`, then the rest                       |
| `drop`      | after `after` pieces the connection is cut, without a close frame               |
| `half_open` | after `after` pieces silence: the socket stays open, pings stay unanswered      |
| `hasty`     | a speech socket's text that is not sounding yet when its end is said is never   |
|             | spoken: flushed and closed in one breath, a reply is an empty final message     |

A piece is one body chunk or one WebSocket message; an answer that is not streamed is one piece, so
cut it with `after` 0. A name that only the other vendor knows is an `internal_server_error`.
"""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass
from fnmatch import fnmatchcase

from voicekit.serving import App, Message, Receive, Scope, Send
from voicekit.standin.http.refusals import names

KINDS = ("refuse", "slow", "stall", "drop", "half_open", "hasty")
_PIECES = {"http.response.body", "websocket.send"}


@dataclass
class Fault:
    """One fault in wait. `seconds` bounds it; no fault outlives the stand-in or a reset."""

    kind: str
    path: str = "*"
    name: str = "internal_server_error"
    after: int = 1
    seconds: float = 30.0
    times: int = 1

    def __post_init__(self) -> None:
        """Reject what could never act.

        Raises:
            ValueError: with the values that are allowed.
        """
        if self.kind not in KINDS:
            raise ValueError(f"There is no fault {self.kind!r}. Known: {', '.join(KINDS)}.")
        for field, kind in (("path", str), ("name", str), ("after", int), ("times", int)):
            if type(getattr(self, field)) is not kind:  # a bool is no int here
                raise ValueError(f"A fault's {field!r} must be of type {kind.__name__}.")
        if self.after < 0 or self.times < 1:
            raise ValueError("A fault's 'after' must be 0 or more, its 'times' 1 or more.")
        known = sorted({*names("elevenlabs"), *names("openai")})
        if self.name not in known:
            raise ValueError(f"There is no refusal {self.name!r}. Known: {', '.join(known)}.")
        if not isinstance(self.seconds, int | float) or not 0 <= self.seconds <= 600:
            raise ValueError("A fault's 'seconds' must be a number from 0 to 600.")


class Faults:
    """The faults in wait, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self._released: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    @property
    def holding(self) -> int:
        """Connections that a fault holds at this moment."""
        return len(self._released)

    def add(self, fault: Fault) -> None:
        """Put a fault in wait behind the others."""
        self.waiting.append(fault)

    def clear(self) -> None:
        """Drop the faults in wait and let go of the connections that one holds."""
        self.waiting.clear()
        for loop, event in self._released:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)

    def take(self, path: str) -> Fault | None:
        """The first fault for this path, used up by one."""
        for fault in self.waiting:
            if fnmatchcase(path, fault.path):
                fault.times -= 1
                if fault.times < 1:
                    self.waiting.remove(fault)
                return dataclasses.replace(fault, times=1)
        return None

    async def hold(self, seconds: float) -> None:
        """Wait, unless a reset lets go earlier."""
        released = (asyncio.get_running_loop(), asyncio.Event())
        self._released.append(released)
        try:
            await asyncio.wait_for(released[1].wait(), seconds)
        except TimeoutError:
            pass
        finally:
            self._released.remove(released)


class Faulting:
    """Middleware that lets a fault that waits in the request's state act on it.

    A `refuse` fault is left in `scope["voicekit.refuse"]` for the route, which knows its vendor,
    a `hasty` one in `scope["voicekit.hasty"]` for the speech sockets.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, through the fault that waits for it if there is one."""
        faults: Faults = scope["state"]["standin"].faults
        fault = faults.take(scope["path"])
        if fault is None:
            await self.app(scope, receive, send)
        elif fault.kind == "refuse":
            scope["voicekit.refuse"] = fault.name
            await self.app(scope, receive, send)
        elif fault.kind == "hasty":
            scope["voicekit.hasty"] = True
            await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, _Faulty(fault, faults, scope, send))


class _Faulty:
    """A `send` that does what its fault says."""

    def __init__(self, fault: Fault, faults: Faults, scope: Scope, send: Send) -> None:
        self.fault = fault
        self.faults = faults
        self.transport = scope["voicekit.served"].transport(scope["client"])
        self.send = send
        self.pieces = 0
        self.cut = False

    async def __call__(self, message: Message) -> None:
        if self.cut:
            return  # nothing reaches a client whose connection is gone
        first = message["type"] in ("http.response.start", "websocket.send") and self.pieces == 0
        if self.fault.kind == "slow" and first:
            await self.faults.hold(self.fault.seconds)
        elif message["type"] in _PIECES and self.pieces == self.fault.after:
            await self._act()
        self.pieces += message["type"] in _PIECES
        if not self.cut:
            await self.send(message)

    async def _act(self) -> None:
        if self.fault.kind == "half_open":
            self.transport.pause_reading()
        if self.fault.kind in ("stall", "half_open"):
            await self.faults.hold(self.fault.seconds)
        if self.fault.kind in ("drop", "half_open"):
            self.transport.abort()
            self.cut = True
