"""The kernel's end of a widget that holds a sound device: which page has it, and is it still there.

A page says `hello` with a random id and pings each second; every answer says whether the kernel
lends it the device. One page at a time has it, so that two tabs never double. A page that hears no
answer stops by itself, and one that is not heard of for `LEASE` seconds has lost the device.
"""

from __future__ import annotations

import re
import threading
import time
import tomllib
import weakref
from collections.abc import Callable
from importlib import resources
from typing import Any, ClassVar
from uuid import uuid4

import anywidget
import traitlets

from voicekit.widgets.comms import prepare_comm

GRACE = 5.0  # seconds that a front end has to answer; one that comes later starts nothing
LEASE = 6.0  # seconds; a page pings each second, and a busy one may be late
_FACTS = ("secure", "microphone", "webview")  # what a page says of itself
_own_import = re.compile(r'^import .* from "\./\w+\.mjs";$', re.MULTILINE)
_static = resources.files("voicekit.widgets").joinpath("static")
WORDS: dict[str, str] = tomllib.loads(
    resources.files("voicekit.widgets").joinpath("messages.toml").read_text("utf-8")
)


def assemble(name: str) -> str:
    """One module for the browser: `pure`, `link` and `name`, joined, their own imports dropped.

    anywidget takes one ES module a widget. In the files the imports stand, so that Node and
    editors understand them; joined, the names are in one scope.
    """
    parts = (_static.joinpath(f"{part}.mjs").read_text("utf-8") for part in ("pure", "link", name))
    return "\n".join(_own_import.sub("", part) for part in parts)


def style() -> str:
    """The style sheet of all widgets."""
    return _static.joinpath("widgets.css").read_text("utf-8")


class Link(anywidget.AnyWidget):
    """A widget of which one page at a time is the device.

    `front_end` holds what the page says of itself: whether it is `secure`, knows the `microphone`
    interface, and is a `webview` of VS Code. `detail` is the browser's own word for an error.
    """

    _css = style()
    _words = traitlets.Dict(WORDS).tag(sync=True)
    _key = traitlets.Unicode().tag(sync=True)
    _newest: ClassVar[dict[str, weakref.ref[Link]]] = {}
    _closed = True  # until it is made: Python may finalise one whose arguments were refused
    _guard: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, **traits: Any) -> None:
        # The page may answer in another thread before this constructor is through.
        self._lock = threading.Condition(threading.RLock())
        self._page: str | None = None
        self._heard = 0.0  # time.monotonic() of the page's last message
        self._closed = False
        self._state = "waiting"
        self._code = ""
        self._closers: list[Callable[[], object]] = []
        self.detail = ""
        self.front_end: dict[str, bool] = {}
        super().__init__(_key=uuid4().hex, **traits)
        prepare_comm(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # no state, no address: notebooks compare it

    @property
    def connected(self) -> bool:
        """Whether a page has the device and was heard of in the last seconds."""
        return self._page is not None and time.monotonic() - self._heard < LEASE

    @property
    def error(self) -> str:
        """What is wrong and what to do about it; empty when nothing is."""
        return WORDS.get(self._code, self._code)

    def ready(self, timeout: float = 2.0) -> bool:
        """Wait until a front end answers; False when none does within `timeout` seconds.

        JupyterLab 4.4 and Notebook 7.5 answer while a cell runs. Elsewhere a cell that waits here
        may also be the reason that nothing comes.
        """
        with self._lock:
            return self._lock.wait_for(lambda: self.connected or self._closed, timeout) and (
                self.connected
            )

    def close(self) -> None:
        """Give the device back and take the widget away; calling it twice is safe."""
        if self._closed:
            return
        with self._lock:
            self._closed, self._state, self._code = True, "closed", "closed"
            self._page = None
            self._lock.notify_all()
        super().close()
        for callback in self._closers:
            callback()

    def on_close(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` when the widget is closed, also by a newer one that replaces it.

        Returns:
            A function that ends it.
        """
        self._closers = [*self._closers, callback]

        def unsubscribe() -> None:
            self._closers = [kept for kept in self._closers if kept is not callback]

        return unsubscribe

    def _own(self) -> None:
        """Become the one of this kind; the former one gives way."""
        kind = type(self).__name__  # the type itself is the instance's own: anywidget adds traits
        with Link._guard:
            former = self._newest.get(kind, lambda: None)()
            self._newest[kind] = weakref.ref(self)
        if former is not None and former is not self:
            former._give_way()

    def _tell(self, k: str, buffers: list[bytes] | None = None, **content: Any) -> bool:
        """Send to the page that has the device; False when none has."""
        page = self._page
        if page is None:
            return False
        self.send({"k": k, "cid": page, **content}, buffers)
        return True

    def _handle_custom_msg(self, content: Any, buffers: list[Any]) -> None:
        page = content.get("cid") if isinstance(content, dict) else None
        if page is None:
            super()._handle_custom_msg(content, buffers)
            return
        kind = content["k"]
        greets = kind in {"hello", "ping", "claim"}
        with self._lock:
            if self._closed:
                return
            if page != self._page and (kind == "claim" or not self.connected) and kind != "bye":
                self._take(page, claimed=kind == "claim")
            holds = page == self._page
            if holds:
                self._heard = time.monotonic()
            if holds and greets:  # known before whoever waits for the page goes on
                self.front_end = {fact: bool(content.get(fact)) for fact in _FACTS}
        if greets:
            self.send({"k": "ack", "cid": page, "lease": holds, "id": self.model_id})
            if holds:
                self._greeted()
        elif holds and kind == "bye":
            self._lost("page-gone")
        elif holds:
            self._received(kind, content, buffers)

    def _take(self, page: str, claimed: bool) -> None:
        if self._page is not None:
            self._tell("ack", lease=False)
            self._lost("" if claimed else "page-gone")
        self._page = page
        self._heard = time.monotonic()
        if self._state in {"waiting", "stopped"}:
            self._state = "ready"
        self._lock.notify_all()

    def _lost(self, code: str) -> None:
        """The page with the device is gone, or another one took over."""
        with self._lock:
            self._page = None
            self._state, self._code = "stopped", code
            self._lock.notify_all()

    def _greeted(self) -> None:
        """The page with the device was heard of: once a second."""

    def _received(self, kind: str, content: dict[str, Any], buffers: list[Any]) -> None:
        raise NotImplementedError

    def _give_way(self) -> None:
        raise NotImplementedError
