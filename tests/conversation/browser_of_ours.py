"""A browser without a browser: it hears a track, and plays at the pace of real time."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from waiting import HANG
from widgets.page import Page

from voicekit import Clip
from voicekit.conversation.clip_speaker import ClipSpeaker
from voicekit.conversation.track import RATE, Track
from voicekit.widgets import Microphone, Speaker


class Browser:
    """Answers both widgets from a thread, every twenty milliseconds."""

    def __init__(self, microphone: Microphone, speaker: Speaker) -> None:
        self.microphone, self.speaker = Page(microphone), Page(speaker)
        self.track = Track()
        self.rendered = ClipSpeaker(RATE)
        self.frame = round(microphone.frame * RATE)
        self._run = -1
        self._seq = 0
        self._read = 0  # messages of the kernel to the speaker that were dealt with
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live)
        self._began = time.monotonic()

    def __enter__(self) -> Browser:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(HANG)

    @property
    def now(self) -> float:
        return time.monotonic() - self._began

    def say(self, clip: Clip) -> None:
        self.track.say(clip)

    @property
    def listening(self) -> bool:
        return self._run >= 0

    def _live(self) -> None:
        self.microphone.hello()
        self.speaker.hello()
        greeted = self.now
        while not self._stop.wait(0.02):
            if self.now - greeted > 1:
                self.microphone.hello("ping")
                self.speaker.hello("ping")
                greeted = self.now
            self._obey_microphone()
            self._obey_speaker()

    def _obey_microphone(self) -> None:
        starts, stops = self.microphone.told("start"), self.microphone.told("stop")
        run = starts[-1]["run"] if starts else -1
        if stops and stops[-1]["run"] >= run:
            run = -1
        if run != self._run:
            self._run, self._seq, self._from = run, 0, self.now
            if run >= 0:
                self.microphone.say("state", run=run, state="listening", settings={})
        while run >= 0 and (self._seq + 1) * self.frame / RATE <= self.now - self._from:
            pcm = self.track.read(self.frame)
            self.microphone.say("pcm", pcm, run=run, seq=self._seq, t=time.time())
            self._seq += 1

    def _obey_speaker(self) -> None:
        messages = self.speaker.heard[self._read :]
        self._read += len(messages)
        gen = 0
        for content, buffers in messages:
            gen = content.get("gen", gen)
            if content["k"] == "pcm" and buffers:
                self.rendered.play(buffers[0])
            elif content["k"] == "flush":
                self.rendered.interrupt()
        if self._read:
            sounding = self.rendered.pending > 0
            facts = {"played": round(self.rendered.played * RATE), "underruns": 0}
            gen = max((c.get("gen", 0) for c, _ in self.speaker.heard), default=0)
            self.speaker.say("played", gen=gen, sounding=sounding, **facts)
