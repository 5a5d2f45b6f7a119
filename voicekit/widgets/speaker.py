"""The browser's loudspeaker in a notebook: streamed PCM without gaps, stopped at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import traitlets

from voicekit.arguments import check_number, check_type
from voicekit.audio import Clip
from voicekit.errors import AudioError
from voicekit.widgets.courier import Courier
from voicekit.widgets.link import GRACE, WORDS, Link, assemble
from voicekit.widgets.playout import Playout

_LIMIT = 600.0  # seconds of sound that may wait
_IDLE = 5.0  # seconds after which the sending thread ends until it is needed again


class Speaker(Link):
    """Plays signed 16-bit mono sound as it comes; what counts is what was really played.

    A newer speaker, or one that plays later, silences the former.

    Args:
        rate: samples a second of everything that is played.
        lead: seconds of sound that the browser holds ahead, at first: it grows when sound runs
            out, since a kernel that is far away needs more than the way there and back.
    """

    _esm = assemble("speaker")
    _rate = traitlets.Int(16000).tag(sync=True)

    def __init__(self, rate: int = 16000, lead: float = 0.3) -> None:
        check_number("rate", rate, whole=True, remedy="Pass samples a second, such as 16000.")
        if not 3000 <= rate <= 384000:
            raise ValueError(f"A rate of {rate} samples a second; browsers take 3000 to 384000.")
        if not 0.1 <= lead <= 5:
            raise ValueError(f"A lead of {lead} s; use 0.1 to 5, such as 0.3.")
        self.rate = rate
        self._playout = Playout(rate, lead, _LIMIT)
        self._courier: Courier[float] = Courier("voicekit-played", 100)
        self._sender: threading.Thread | None = None
        self._deadline = 0.0
        self._odd = b""
        self._met = ""  # the page whose count goes on
        self._drains: set[asyncio.Future[None]] = set()
        self.latency = 0.0
        super().__init__(_rate=rate)
        self._own()

    @property
    def state(self) -> str:
        """`waiting`, `ready`, `open`, `playing`, `blocked`, `stopped`, `failed` or `closed`."""
        return self._state

    @property
    def played(self) -> float:
        """Seconds that the browser has rendered, of everything so far."""
        return self._playout.played / self.rate

    @property
    def pending(self) -> float:
        """Seconds that were given and are neither played nor thrown away yet."""
        with self._lock:
            return self._playout.pending / self.rate

    @property
    def dropped(self) -> float:
        """Seconds that could not be played: no front end, sound blocked, lost, or too much."""
        return self._playout.dropped / self.rate

    @property
    def underruns(self) -> int:
        """How often sound ran out and went on within a second: gaps that one hears."""
        return self._playout.underruns

    def play(self, pcm: bytes | Clip) -> None:
        """Queue sound and return at once. Any thread may call it; chunks may split a sample.

        Raises:
            AudioError: the clip has another rate, or this speaker was closed.
            TypeError: it is neither bytes nor a clip.
        """
        if isinstance(pcm, Clip):
            if pcm.rate != self.rate:
                raise AudioError(
                    f"A clip of {pcm.rate} Hz for a speaker of {self.rate} Hz. "
                    f"Make a Speaker(rate={pcm.rate})."
                )
            pcm = pcm.pcm
        check_type("pcm", pcm, bytes, "Pass PCM16, such as chunk.pcm, or a Clip.")
        self._own()
        with self._lock:
            if self._closed:
                raise AudioError(WORDS["closed"])
            pcm = self._odd + pcm
            even = len(pcm) - len(pcm) % 2
            self._odd = pcm[even:]
            self._playout.give(pcm[:even])
            if not self.connected and not self._playout.sounding:
                self._deadline = max(self._deadline, time.monotonic() + GRACE)
            if self._sender is None:
                self._sender = threading.Thread(
                    target=self._send_all, name="voicekit-speaker", daemon=True
                )
                self._sender.start()
            self._lock.notify_all()

    def prepare(self) -> None:
        """Have the page get its sound ready, which saves 0.1 s of the first `play`."""
        self._tell("open")

    def interrupt(self) -> None:
        """Silence now: throw away what waits here and in the browser."""
        self._interrupt(0)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything was played, or dropped; False when it takes longer."""
        with self._lock:
            done = self._lock.wait_for(lambda: not self._playout.pending, timeout)
        if done:
            self._tell("rest")
        return done

    async def drain(self) -> None:
        """Wait until everything that was given has been played, interrupted or dropped."""
        loop = asyncio.get_running_loop()
        with self._lock:
            if not self._playout.pending:
                return
            drained = loop.create_future()
            self._drains.add(drained)
        try:
            await drained
        finally:
            with self._lock:
                self._drains.discard(drained)
        self._tell("rest")

    def clip(self, start: float = 0.0, end: float | None = None) -> Clip:
        """What was really played, of the last ten minutes; what was thrown away is not in it.

        Args:
            start: only what was played when `played` was above this.
            end: only what was played until `played` was this; None is all.
        """
        first, last = round(start * self.rate), None if end is None else round(end * self.rate)
        with self._lock:
            return Clip(self._playout.heard(first, last), self.rate)

    def on_played(self, callback: Callable[[float], object]) -> Callable[[], None]:
        """Call `callback(played)` ten times a second while it plays, and at each start and end.

        It runs in a thread of its own. Returns what ends that.
        """
        return self._courier.subscribe(callback)

    def close(self) -> None:
        """Be silent and take the widget away; calling it twice is safe."""
        if self._closed:
            return
        with self._lock:
            self._playout.interrupt()
            self._abandon()
        super().close()

    def _interrupt(self, gen: int) -> None:
        with self._lock:
            self._odd = b""
            gen = self._playout.interrupt(gen)
            if not self._tell("flush", gen=gen):
                self._abandon()
            self._changed()

    def _send_all(self) -> None:
        idle = time.monotonic()
        while True:
            with self._lock:
                now = time.monotonic()
                self._give_up(now)
                block = self._playout.take(now) if self.connected else None
                if block is None:
                    if self._playout.pending:
                        idle = now
                    if self._closed or now - idle > _IDLE:
                        self._sender = None
                        return
                    # The browser's lead shrinks by itself, so time alone makes room.
                    self._lock.wait(0.02 if self._playout.pending else 1.0)
                    continue
            self._tell("pcm", [block.pcm], gen=block.gen, seq=block.seq)

    def _give_up(self, now: float) -> None:
        """Sound that nobody can play is dropped: it would be stale later."""
        if not self._playout.pending:
            return
        if self._page is not None and not self.connected:
            self._lost("page-gone")
        elif self._state in {"blocked", "failed"}:
            self._abandon()
        elif self._page is None and now > self._deadline:
            self._code = self._code or "no-front-end"
            self._abandon()

    def _abandon(self) -> None:
        self._playout.abandon()
        self._changed()

    def _changed(self) -> None:
        self._lock.notify_all()
        if not self._playout.pending:
            for drained in list(self._drains):
                try:
                    drained.get_loop().call_soon_threadsafe(_finish, drained)
                except RuntimeError:  # its loop has ended, so nobody waits
                    self._drains.discard(drained)

    def _received(self, kind: str, content: dict[str, Any], buffers: list[Any]) -> None:  # noqa: ARG002
        with self._lock:
            if kind == "played":
                self._playout.report(
                    content["gen"],
                    content["played"],
                    content["underruns"],
                    content["sounding"],
                    time.monotonic(),
                )
                self._state = "playing" if content["sounding"] else "open"
                self._changed()
            elif kind == "refused":
                self._playout.refuse(content["from"], content["to"])
                self._changed()
            elif kind == "state":
                self._state, self._code = content["state"], content.get("code", "")
                self.detail = content.get("detail", "")
                self._lock.notify_all()
            elif kind == "latency":
                self.latency = content["seconds"]
        if kind == "played":
            self._courier.post(self.played)
        elif kind == "ask" and content["what"] == "interrupt":
            self._interrupt(content["gen"])

    def _take(self, page: str, claimed: bool) -> None:
        super()._take(page, claimed)
        if page != self._met:
            self._met = page
            self._playout.meet()
        self._code = ""

    def _lost(self, code: str) -> None:
        with self._lock:
            super()._lost(code)
            self._abandon()

    def _give_way(self) -> None:
        with self._lock:
            if self._playout.pending:
                self._interrupt(0)
            self._tell("close", code="")


def _finish(drained: asyncio.Future[None]) -> None:
    if not drained.done():
        drained.set_result(None)
