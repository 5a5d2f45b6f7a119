"""Callbacks in a thread of their own, so that a slow one never holds up the sound."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
_IDLE = 5.0  # seconds after which the thread ends until it is needed again
_log = logging.getLogger(__name__)


class Courier(Generic[Item]):
    """Brings items to subscribers. `limit` wait at most; the oldest is given up first."""

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._items: deque[Item] = deque(maxlen=limit)
        self._change = threading.Condition()
        self._callbacks: list[Callable[[Item], object]] = []
        self._thread: threading.Thread | None = None

    def subscribe(self, callback: Callable[[Item], object]) -> Callable[[], None]:
        """Call `callback` with each item from now on; returns what ends that."""
        with self._change:
            self._callbacks = [*self._callbacks, callback]

        def unsubscribe() -> None:
            with self._change:
                self._callbacks = [kept for kept in self._callbacks if kept is not callback]

        return unsubscribe

    def post(self, item: Item) -> int:
        """Hand one over without waiting; return how many were given up for it."""
        with self._change:
            if not self._callbacks:
                return 0
            full = len(self._items) == self._items.maxlen
            self._items.append(item)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._change.notify()
        return int(full)

    def _run(self) -> None:
        while True:
            with self._change:
                if not self._change.wait_for(lambda: self._items, _IDLE):
                    self._thread = None
                    return
                item, callbacks = self._items.popleft(), self._callbacks
            for callback in callbacks:
                try:
                    callback(item)
                except Exception:
                    _log.exception("A callback of %s failed; the sound goes on.", self._name)
