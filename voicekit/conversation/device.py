"""One end of a conversation made of clips: a paced microphone and a paced loudspeaker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from voicekit.arguments import check_number, check_seconds
from voicekit.audio import Clip
from voicekit.conversation.clock import Clock, RealClock
from voicekit.conversation.messages import Spoken
from voicekit.conversation.playout import Playout
from voicekit.conversation.response_delays import last_turns
from voicekit.conversation.tape import Tape
from voicekit.conversation.track import RATE, Track, load, mixed
from voicekit.errors import AudioError
from voicekit.timeline import Timeline

_SHORTEST_BLOCK = 0.001  # seconds
_LONGEST_TAPE = 24 * 3600.0  # seconds


class Device:
    """What the synchronous and the asynchronous form share. All times are seconds from `start`.

    Args:
        clips: what to say first, one after the other; 16 kHz clips or paths of WAV files.
        pause: seconds before each of them.
        block: seconds of microphone in one call of the callback.
        noise: level of the room in dB relative to full scale; None is digital silence.
        echo: level of the agent's voice in the microphone, in dB relative to that voice, as
            without headphones; None is headphones.
        seed: another one gives other noise.
        frame: clips begin at a multiple of so many samples, counted from `start`.
        clock: real time, unless a test brings its own.
        keep: seconds of each side that stay available afterwards.

    Raises:
        AudioError: a clip has another rate than 16 kHz, or a file is no plain WAV.
        TypeError: a figure is no number.
        ValueError: a figure is out of range.
    """

    def __init__(
        self,
        clips: Clip | str | Path | Iterable[Clip | str | Path] = (),
        *,
        pause: float = 0.5,
        block: float = 0.1,
        noise: float | None = -65.0,
        echo: float | None = None,
        seed: int = 0,
        frame: int = 1,
        clock: Clock | None = None,
        keep: float = 600.0,
    ) -> None:
        for name, level in (("noise", noise), ("echo", echo)):
            if level is not None:
                check_number(name, level, most=0.0, remedy="Levels are in dB below full scale.")
        check_seconds("pause", pause)
        check_seconds("block", block, least=_SHORTEST_BLOCK, most=1.0)
        check_seconds("keep", keep, most=_LONGEST_TAPE)
        self.clock: Clock = clock or RealClock()
        self._lock = threading.Lock()
        self._spoken = Spoken()
        self._block = max(1, round(block * RATE))
        self._track = Track(noise, seed, frame)
        self._echo = 0.0 if echo is None else 10 ** (echo / 20)
        self._heard = Playout(RATE, keep)
        self._microphone = Tape(RATE, keep)
        self._watchers: tuple[Callable[[], object], ...] = ()
        self._started: float | None = None
        self._stopped: float | None = None
        for clip in load(clips):
            self._track.say(clip, self._track.end / RATE + pause)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state}>"

    @property
    def state(self) -> str:
        """`ready`, `started` or `stopped`."""
        if self._started is None:
            return "ready"
        return "started" if self._stopped is None else "stopped"

    @property
    def now(self) -> float:
        """Seconds since `start`; stands still before it and after `stop`."""
        if self._started is None:
            return 0.0
        return (self.clock.now() if self._stopped is None else self._stopped) - self._started

    def say(self, clip: Clip | str | Path, after: float = 0.0) -> float:
        """Say one more clip, `after` seconds from now or from the end of the one before.

        Returns:
            When it begins, in seconds from `start`.

        Raises:
            AudioError: the clip has another rate than 16 kHz, or the file is no plain WAV.
        """
        with self._lock:
            begin = max(self.now, self._track.end / RATE) + after
            return self._track.say(load(clip)[0], begin)

    def hush(self) -> None:
        """Break off what is being said, and forget what was to be said next."""
        with self._lock:
            self._track.hush()

    def on_block(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` before each block of the microphone is cut: the moment to decide.

        Returns:
            A function that ends it.
        """
        with self._lock:
            self._watchers = (*self._watchers, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._watchers = tuple(kept for kept in self._watchers if kept is not callback)

        return unsubscribe

    @property
    def speaking(self) -> bool:
        """Whether a clip is being said, or waits to be."""
        return self._track.end > self._track.position

    @property
    def hearing(self) -> bool:
        """Whether there is sound of the agent's left to hear."""
        return self._heard.end > self.now

    @property
    def quiet(self) -> float:
        """For how many seconds neither side has had anything to say."""
        if self.speaking or self.hearing:
            return 0.0
        return self.now - max(self._track.end / RATE, self._heard.end)

    @property
    def played(self) -> int:
        """How many of the agent's samples have been heard, at 16 kHz."""
        with self._lock:
            return self._heard.played(self.now)

    @property
    def received(self) -> int:
        """How many of the agent's samples have come and were not interrupted, at 16 kHz."""
        with self._lock:
            return self._heard.played(self._heard.end)

    def clip(self) -> Clip:
        """What has been heard of the agent, without the pauses between, and its transcript."""
        with self._lock:
            clip = self._heard.clip(self.now)
        return replace(clip, text=self._spoken.agent)

    def sent(self) -> Clip:
        """What the agent was sent, noise and pauses included, and what it understood."""
        with self._lock:
            return self._microphone.clip(self._microphone.end, self._spoken.caller)

    def turns(self, profile: str | None = None, last: int | None = None) -> list[Timeline]:
        """One timeline for each stretch of speech: its end, and when the answer became audible.

        Both are found in the sound itself, so they include everything in between.

        Args:
            profile: the simulated latency profile, `world.profile`; None is live.
            last: how many turns, the newest; None is all of them.
        """
        with self._lock:
            return last_turns(
                self._microphone.newest(self._microphone.end, pause=0.5),
                self._heard.newest(self.now, pause=0.3),
                lambda: Timeline(self.clock.now, profile),
                self._started or 0.0,
                last,
            )

    def _begin(self) -> None:
        if self._started is not None:
            raise AudioError(
                f"This {type(self).__name__} has had its conversation. Make a new one for the next."
            )
        self._started = self.clock.now()

    def _end(self) -> None:
        """Fall silent and stand still. Calling it twice is safe."""
        with self._lock:
            if self._started is not None and self._stopped is None:
                self._heard.interrupt(self.now)
                self._stopped = self.clock.now()

    @property
    def _due(self) -> float:
        """Seconds until the next block has been recorded to its end; negative when it is late."""
        return (self._track.position + self._block) / RATE - self.now

    def _cut(self) -> bytes:
        """The next block of the microphone."""
        for callback in self._watchers:
            callback()
        with self._lock:
            start = self._track.position
            pcm = self._track.read(self._block)
            if self._echo:
                voice = self._heard.sounding(start / RATE, self._block)
                pcm = mixed(pcm, self._echo * voice)
            self._microphone.write(start, pcm)
        return pcm

    def _play(self, audio: bytes) -> None:
        with self._lock:
            if self._started is not None and self._stopped is None:
                self._heard.write(audio, self.now)

    def _interrupt(self) -> None:
        with self._lock:
            self._heard.interrupt(self.now)
