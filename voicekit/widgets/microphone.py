"""The browser's microphone in a notebook: live PCM frames, push-to-talk clips, states in words."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import traitlets
from ipywebrtc import (  # type: ignore[import-untyped]
    AudioRecorder,
    CameraStream,
    MediaStream,
)
from ipywidgets import widget_serialization  # type: ignore[import-untyped]

from voicekit.audio import Clip
from voicekit.errors import AudioError
from voicekit.widgets.comms import prepare_comm
from voicekit.widgets.courier import Courier
from voicekit.widgets.frames import Frame, FrameQueue
from voicekit.widgets.link import GRACE, WORDS, assemble
from voicekit.widgets.recording import PushToTalk, Takes

RATE = 16000
_WAITING = 5.0  # seconds of frames that wait for a listener before the oldest is dropped
_ON = PushToTalk._ON


class Microphone(PushToTalk):
    """Live sound of the browser's microphone: signed 16 bit, 16 kHz, mono.

    Nothing is captured before `start()` or the button. Making a second one closes the first, so
    that re-running a cell replaces it.

    Args:
        stream: an ipywebrtc `MediaStream` to listen to; without one, a `CameraStream` of sound.
        frame: seconds in a frame: 0.02 for detecting speech here, 0.1 to save the kernel's time.
        processing: whether the browser cancels echo and noise and levels the volume. What it
            really does is in `settings`, once it listens.
        device: a microphone's name or id; `devices` lists the names once one was started.
    """

    _esm = assemble("microphone")
    _rate = traitlets.Int(RATE).tag(sync=True)
    frame = traitlets.Float(0.02).tag(sync=True)
    processing = traitlets.Bool(True).tag(sync=True)
    stream = traitlets.Instance(MediaStream).tag(sync=True, **widget_serialization)
    _recorder = traitlets.Instance(AudioRecorder).tag(sync=True, **widget_serialization)

    def __init__(
        self,
        stream: MediaStream | None = None,
        *,
        frame: float = 0.02,
        processing: bool = True,
        device: str | None = None,
    ) -> None:
        if frame not in (0.02, 0.1):
            raise ValueError(f"A frame of {frame} s; use 0.02 or 0.1.")
        self._ours = stream is None
        # Displayed, it would play the microphone to the loudspeaker. It never is.
        stream = stream or CameraStream(constraints={"audio": True, "video": False})
        recorder = AudioRecorder(stream=stream)
        for part in (stream, recorder, recorder.audio):
            prepare_comm(part)
        limit = round(_WAITING / frame)
        self._limit = limit
        self._courier: Courier[Frame] = Courier("voicekit-microphone", limit)
        self._queues: list[FrameQueue[Frame]] = []
        self._takes = Takes(RATE)
        self._run = self._next = 0
        self._deadline = 0.0
        self._device, self._muted = device, False
        self._last: Frame | None = None
        self._known: dict[str, str] = {}  # a device's name → its id
        self.settings: dict[str, Any] = {}
        self.dropped = 0
        self.lost = 0
        super().__init__(stream=stream, _recorder=recorder, frame=frame, processing=processing)
        self._own()

    @property
    def state(self) -> str:
        """`waiting`, `ready`, `starting`, `asking`, `listening`, `stopped`, `failed`, `closed`."""
        return self._state

    @property
    def level(self) -> float:
        """The last frame's loudness in dB relative to full scale; -inf for silence."""
        frame = self._last
        return Clip(frame.pcm, RATE).level if frame and self._state == "listening" else -math.inf

    @property
    def elapsed(self) -> float:
        """Seconds captured since the start."""
        return self._next * self.frame

    @property
    def devices(self) -> list[str]:
        """The microphones' names, known once one was allowed."""
        return list(self._known)

    @property
    def mute(self) -> bool:
        """Whether silence is sent in place of sound. Settable."""
        return self._muted

    @mute.setter
    def mute(self, on: bool) -> None:
        self._muted = bool(on)
        self._tell("mute", on=self._muted)

    def start(self) -> None:
        """Ask the page to capture, and return at once; `state` and `error` tell how it goes.

        Raises:
            AudioError: this microphone was closed.
        """
        with self._lock:
            if self._closed:
                raise AudioError(WORDS["closed"])
            self._run += 1
            self._next, self._last = 0, None
            self._become("starting")
            self._deadline = time.monotonic() + GRACE
            self._request()
            threading.Thread(
                target=self._watch, args=(self._run,), name="voicekit-watch", daemon=True
            ).start()
        self._own()

    def stop(self) -> None:
        """Stop capturing and release the device; safe to call twice and from any thread."""
        with self._lock:
            self._run += 1  # frames that are still on their way belong to nobody
            self._tell("stop", run=self._run)
            if self._state in _ON:
                self._become("stopped")

    def close(self) -> None:
        """Stop, release the device and take the widget away; calling it twice is safe."""
        if self._closed:
            return
        self.stop()
        super().close()
        self._end_queues()
        self._recorder.audio.close()
        self._recorder.close()
        if self._ours:
            self.stream.close()

    def on_frame(self, callback: Callable[[Frame], object]) -> Callable[[], None]:
        """Call `callback(frame)` in a thread of its own; returns what ends that."""
        return self._courier.subscribe(callback)

    async def frames(self) -> AsyncIterator[Frame]:
        """The frames from now on, until it stops; starts it when it is off.

        Whoever is slower than the sound loses the oldest frames, which `dropped` counts.
        """
        queue: FrameQueue[Frame] = FrameQueue(self._limit)
        self._queues.append(queue)
        try:
            if self._state not in _ON:
                self.start()
            while (frame := await queue.get()) is not None:
                yield frame
        finally:
            self._queues.remove(queue)

    def _request(self) -> None:
        device = self._known.get(self._device or "", self._device)
        self._tell("start", run=self._run, device=device, muted=self._muted)

    def _become(self, state: str, code: str = "") -> None:
        with self._lock:
            self._state, self._code = state, code
            if self._takes.running and state not in _ON:
                self._takes.end(code)
            self._lock.notify_all()
        if state not in _ON:
            self._end_queues()

    def _end_queues(self) -> None:
        for queue in list(self._queues):
            queue.end()

    def _watch(self, run: int) -> None:
        """Notice what no message tells: nobody answers, or the page has vanished."""
        with self._lock:
            while self._run == run and self._state in _ON:
                now = time.monotonic()
                if self._state == "starting" and now > self._deadline:
                    self._run += 1
                    self._become("failed", "no-front-end")
                elif self._state != "starting" and not self.connected:
                    self._lost("page-gone")
                self._lock.wait(0.25)

    def _greeted(self) -> None:
        with self._lock:
            if self._state == "starting" and time.monotonic() < self._deadline:
                self._request()  # the page came late, or the message was lost

    def _received(self, kind: str, content: dict[str, Any], buffers: list[Any]) -> None:
        if kind == "pcm":
            self._frame(content, bytes(buffers[0]))
        elif kind == "state" and content.get("run") == self._run:
            self.settings = content.get("settings", self.settings)
            self.detail = content.get("detail", "")
            self._become(content["state"], content.get("code", ""))
        elif kind == "devices":
            self._known = {device["label"]: device["id"] for device in content["devices"]}
        elif kind in {"clip", "recording"}:
            self._clip(kind, content, buffers)
        elif kind == "ask":
            self._asked(content)

    def _frame(self, content: dict[str, Any], pcm: bytes) -> None:
        if content["run"] != self._run:
            return
        frame = Frame(pcm, content["seq"], time.monotonic(), content["t"])
        self.lost += frame.seq - self._next
        self._next, self._last = frame.seq + 1, frame
        self.dropped += self._courier.post(frame)
        self.dropped += sum(queue.put(frame) for queue in list(self._queues))

    def _asked(self, content: dict[str, Any]) -> None:
        """A button of the view was pressed."""
        what = content["what"]
        if what == "start":
            self.start()
        elif what == "mute":
            self.mute = content["on"]
        elif what == "device":
            self._device = content["device"]
            self.start()
        elif what == "record":
            with self._lock:
                self._record()
        elif what == "recorded":
            self._tell("recorded")

    def _lost(self, code: str) -> None:
        was_on = self._state in _ON
        with self._lock:
            self._run += 1
            super()._lost(code if was_on else self._code)
        self._become(self._state, self._code)

    def _give_way(self) -> None:
        self.close()
