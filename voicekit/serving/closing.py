"""What ends when the interpreter goes down: first what uses the servers, then the servers."""

from __future__ import annotations

import concurrent.futures.thread
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicekit.serving.server import Served

running: dict[str, Served] = {}
"""The servers that take connections, by name."""

_CLIENTS = 2.0  # seconds that clients have to go when the interpreter goes down
_enders: list[Callable[[], object]] = []


def at_exit(end: Callable[[], object]) -> None:
    """Call `end` when the interpreter goes down, while every server still serves."""
    _enders.append(end)


def _close_down() -> None:
    """End what uses servers, then the servers.

    A client in a thread that Python waits for may be connecting just now: such are told goodbye
    until their threads have ended, since a server that is not there would be an error to them.
    """
    for end in _enders:
        end()
    servers = tuple(running.values())
    for served in servers:
        served.leave()
    deadline = time.monotonic() + _CLIENTS
    while servers and _is_waited_for() and time.monotonic() < deadline:
        time.sleep(0.01)
    for served in servers:
        served.stop()


def _is_waited_for() -> bool:
    """Whether there is a thread that Python waits for, other than an executor's."""
    pools = concurrent.futures.thread._threads_queues
    return any(
        thread is not threading.main_thread()
        and not (thread.daemon or thread in pools or type(thread).__module__.startswith("anyio"))
        for thread in threading.enumerate()
    )


# The executors of concurrent.futures end before `atexit` is called, and those that the apps use
# would end under them. What is registered last is called first; the import above came before.
threading._register_atexit(_close_down)  # type: ignore[attr-defined]
