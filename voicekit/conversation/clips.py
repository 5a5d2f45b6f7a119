"""`ClipAudio`: clips as a microphone and a loudspeaker without sound, at the pace of real time.

No browser, no sound card: for tests, notebooks in CI, and machines without a microphone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from voicekit.arguments import check_number, check_seconds
from voicekit.audio import Clip
from voicekit.conversation.audio_interface import AudioInterface
from voicekit.conversation.clip_speaker import ClipSpeaker, Clock
from voicekit.conversation.duplex import AudioFrame
from voicekit.conversation.tape import Span, Tape
from voicekit.conversation.track import RATE, Track, load, mixed
from voicekit.errors import AudioError

_SHORTEST_BLOCK = 0.001  # seconds
_LONGEST_TAPE = 24 * 3600.0  # seconds


class ClipAudio(AudioInterface):
    """A caller made of clips: the `audio_interface` of the SDK, and a `Duplex` for your own loop.

    The microphone plays the clips in real time over a noise floor. What the agent says is
    collected and counts as heard at the pace of real time, so an interruption cuts it where a
    listener would have been. One object serves one conversation. All times are seconds from its
    start.

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
        self.clock = clock or Clock()
        self.speaker: ClipSpeaker
        super().__init__(ClipSpeaker(RATE, self.clock, keep), self.clock.now)
        self._block = max(1, round(block * RATE))
        self._track = Track(noise, seed, frame)
        self._echo = 0.0 if echo is None else 10 ** (echo / 20)
        self._microphone = Tape(RATE, keep)
        self._track_lock = threading.Lock()
        self._watchers: tuple[Callable[[], object], ...] = ()
        for clip in load(clips):
            self._track.say(clip, self._track.end / RATE + pause)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state}>"

    def say(self, clip: Clip | str | Path, after: float = 0.0) -> float:
        """Say one more clip, `after` seconds from now or from the end of the one before.

        Returns:
            When it begins, in seconds from `start`.

        Raises:
            AudioError: the clip has another rate than 16 kHz, or the file is no plain WAV.
        """
        with self._track_lock:
            begin = max(self.now, self._track.end / RATE) + after
            return self._track.say(load(clip)[0], begin)

    def hush(self) -> None:
        """Break off what is being said, and forget what was to be said next."""
        with self._track_lock:
            self._track.hush()

    def on_block(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` before each block of the microphone is cut: the moment to decide.

        Returns:
            A function that ends it.
        """
        with self._track_lock:
            self._watchers = (*self._watchers, callback)

        def unsubscribe() -> None:
            with self._track_lock:
                self._watchers = tuple(one for one in self._watchers if one is not callback)

        return unsubscribe

    @property
    def speaking(self) -> bool:
        """Whether a clip is being said, or waits to be."""
        return self._track.end > self._track.position

    @property
    def quiet(self) -> float:
        """For how many seconds neither side has had anything to say."""
        if self.speaking or self.playing:
            return 0.0
        heard = self.speaker.end - (self._opened or 0.0)
        return self.now - max(self._track.end / RATE, heard, 0.0)

    @property
    def received(self) -> float:
        """Seconds of the agent's sound that came and were not interrupted."""
        return self._queued

    def sent(self) -> Clip:
        """What the agent was sent, noise and pauses included, and what it understood."""
        with self._track_lock:
            return self._microphone.clip(self._microphone.end, self._spoken.caller)

    def _spans(self) -> tuple[list[Span], list[Span]]:
        opened = self._opened or 0.0
        with self._track_lock:
            spoken = [*self._microphone.newest(self._microphone.end, pause=0.5)]
        caller = [Span(opened + span.start, opened + span.end) for span in spoken]
        return caller, self.speaker.newest(pause=0.3)

    def _open(self) -> None:
        if self.state != "ready":
            raise AudioError(
                f"This {type(self).__name__} has had its conversation. Make a new one for the next."
            )
        super()._open()

    def _capture(self) -> None:
        """Nothing to do: `_next` waits until a block has been recorded."""

    def _release(self) -> None:
        """Nothing to do: after `_close` no block is cut."""

    async def _next(self) -> AudioFrame | None:
        if self.state == "started":
            await self.clock.sleep((self._track.position + self._block) / RATE - self.now)
        return self._cut() if self.state == "started" else None

    def _cut(self) -> AudioFrame:
        """The next block of the microphone, which has been recorded to its end by now."""
        for callback in self._watchers:
            callback()
        with self._track_lock:
            start = self._track.position
            pcm = self._track.read(self._block)
            if self._echo:
                begin = (self._opened or 0.0) + start / RATE
                pcm = mixed(pcm, self._echo * self.speaker.sounding(begin, self._block))
            self._microphone.write(start, pcm)
        return AudioFrame(pcm, start / RATE)
