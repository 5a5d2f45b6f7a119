"""`Duplex`: a microphone and a loudspeaker as one object, for the SDK and for a loop by hand.

A browser, recorded clips and a caller who speaks a script have the same methods, one rate and one
unit of time: PCM16 mono at 16 kHz, and float seconds. A device adds its microphone; the rest is the
same for all of them.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from voicekit.arguments import check_type
from voicekit.audio import Clip
from voicekit.conversation.tape import Span, turns
from voicekit.conversation.track import RATE
from voicekit.errors import AudioError
from voicekit.timeline import Timeline

if TYPE_CHECKING:
    from voicekit.conversation.clip_speaker import ClipSpeaker
    from voicekit.speech import Chunk
    from voicekit.widgets import Speaker


class AudioFrame(NamedTuple):
    """Sound of the microphone, PCM16 mono at 16 kHz.

    Args:
        pcm: the samples.
        at: seconds of the microphone's sound before its first sample.
    """

    pcm: bytes
    at: float

    @property
    def end(self) -> float:
        """Seconds of the microphone's sound up to its last sample."""
        # By whole samples: this is exactly the next frame's `at`.
        return (round(self.at * RATE) + len(self.pcm) // 2) / RATE


class Duplex(ABC):
    """A microphone and a loudspeaker: an `AgentAudio`, a `ClipAudio` or a `Caller`.

    ```python
    audio = voicekit.AgentAudio(block=0.02)      # or voicekit.Caller(script, world)

    async def say(utterance):                    # a task: `flush` may come at any time
        audio.begin()
        async for chunk in utterance:            # of Voice(world, rate=audio.sample_rate)
            audio.play(chunk)
        await audio.drain()

    async with audio:                            # the microphone is on inside the block
        async for frame in audio.frames():
            for event in detector.push(frame.pcm, agent_talks=audio.playing):
                if isinstance(event, SpeechStarted) and audio.playing:
                    heard = utterance.heard(audio.flush())
    ```

    The same object is the `audio_interface` of the SDK's `Conversation` and `AsyncConversation`,
    which call `start`, `stop`, `output` and `interrupt`.
    """

    sample_rate = RATE
    """Samples a second of the frames, and of what is played."""

    def __init__(self, speaker: Speaker | ClipSpeaker, clock: Callable[[], float]) -> None:
        self.speaker = speaker
        self._clock = clock
        self._opened: float | None = None  # by the clock
        self._closed: float | None = None
        self._before = self._lost = 0.0  # what the speaker had played and dropped when opened
        self._given = 0.0  # seconds of sound since `begin`
        self._start: float | None = 0.0  # of the utterance; None: before what was given
        self._reading = False
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # no state: notebooks compare it

    # --- what a device adds: its microphone -----------------------------------------------------

    @abstractmethod
    def _capture(self) -> None:
        """Begin to capture."""

    async def _wait_until_captured(self) -> None:  # noqa: B027  most microphones are there
        """Wait for a person's permission.

        Raises:
            AudioError: there is no microphone, or nobody allowed it.
        """

    @abstractmethod
    async def _next(self) -> AudioFrame | None:
        """Wait for the next frame; None once it is closed."""

    @abstractmethod
    def _release(self) -> None:
        """Capture nothing more; any thread may call it, and twice."""

    def _is_over(self) -> bool:
        """Whether no more is to be expected of the microphone."""
        return False

    @abstractmethod
    def _spans(self) -> tuple[Iterable[Span], Iterable[Span]]:
        """When the caller spoke and when the agent was heard, by the clock, newest first."""

    # --- open or not, and the time --------------------------------------------------------------

    @property
    def state(self) -> str:
        """`ready`, `started` or `stopped`."""
        if self._opened is None:
            return "ready"
        return "started" if self._closed is None else "stopped"

    @property
    def now(self) -> float:
        """Seconds since it was opened; stands still once it is closed."""
        if self._opened is None:
            return 0.0
        return (self._clock() if self._closed is None else self._closed) - self._opened

    def _open(self) -> None:
        if self.state == "started":
            raise AudioError("This audio has a conversation already. End that one first.")
        self._before, self._lost = self.speaker.played, self.speaker.dropped
        self._start, self._given = 0.0, 0.0
        self._opened, self._closed = self._clock(), None
        try:
            self._capture()
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        """Capture nothing and fall silent; any thread may call it, and twice."""
        with self._lock:
            if self.state == "started":
                self._closed = self._clock()
            self._release()
            self.speaker.interrupt()

    # --- for a loop by hand ---------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._open()
        try:
            await self._wait_until_captured()
        except BaseException:
            self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    async def frames(self) -> AsyncIterator[AudioFrame]:
        """Iterate the microphone's frames, to the end of the `async with` block or of a script.

        Whoever is slower than the sound gets old frames: up to five seconds of a browser's, which
        then drops the oldest, and all of a clip's.

        Raises:
            AudioError: the device is not open, or another task reads it.
        """
        self._check_open()
        while (frame := await self._read()) is not None:
            yield frame
            if self._is_over():
                return

    def play(self, sound: bytes | Clip | Chunk) -> None:
        """Queue sound and return at once; bytes may end within a sample.

        Args:
            sound: PCM16 mono at `sample_rate`: bytes, a `Clip`, or a `Chunk` of a `Voice`.

        Raises:
            AudioError: its rate is another, or the device was never opened.
            TypeError: it is something else.
        """
        self._check_open()
        rate = getattr(sound, "rate", RATE)
        if rate != RATE:
            raise AudioError(
                f"Sound of {rate} Hz for a device of {RATE}. Ask for it at its source: "
                f"Voice(world, rate={RATE})."
            )
        pcm: Any = getattr(sound, "pcm", sound)
        check_type("sound", pcm, bytes, "Pass PCM16, a Clip, or a chunk of a voice.")
        self._give(pcm)

    def begin(self) -> None:
        """Begin another utterance: `played` counts from the end of what is queued now."""
        self._start = None
        self._given = 0.0

    @property
    def played(self) -> float:
        """Seconds of the present utterance that were heard: since `begin`, or since the opening.

        It stays after the end of the sound and after `flush`, until the next `begin`.
        """
        return max(0.0, self._heard - self._origin)

    @property
    def pending(self) -> float:
        """Seconds of sound that were given and are not heard yet."""
        return self.speaker.pending

    @property
    def playing(self) -> bool:
        """Whether there is sound left to hear."""
        return self.pending > 0

    def flush(self) -> float:
        """Fall silent at once, and return `played`: what `Utterance.heard` takes.

        A browser reports what it played with a delay, so `played` may still grow by a tenth of a
        second; what is returned here is never more than was heard.
        """
        self._start = self._origin
        self.speaker.interrupt()
        return self.played

    async def drain(self) -> None:
        """Wait until everything that was given has been heard, or thrown away."""
        await self.speaker.drain()

    @property
    def _heard(self) -> float:
        """Seconds of sound that were heard since it was opened."""
        return round(max(0.0, self.speaker.played - self._before) * RATE) / RATE

    @property
    def _queued(self) -> float:
        """Seconds of sound that were heard, or wait, or could not be played."""
        # In this order, a report that comes in between can only make `played` less.
        pending, dropped = self.speaker.pending, self.speaker.dropped - self._lost
        return self._heard + pending + dropped

    @property
    def _origin(self) -> float:
        """The start of the present utterance, in seconds of all that was heard."""
        return self._queued - self._given if self._start is None else self._start

    def _check_open(self) -> None:
        if self._opened is None:
            raise AudioError(
                f"Open the device first: `async with audio:` (a {type(self).__name__})."
            )

    def _give(self, pcm: bytes) -> None:
        with self._lock:
            if self.state == "started":
                self._given += len(pcm) / 2 / RATE
                self.speaker.play(pcm)

    async def _read(self) -> AudioFrame | None:
        if self._reading:
            raise AudioError(
                "Two tasks read this microphone, and each would miss what the other gets. "
                "Read it in one, and hand the frames on in an asyncio.Queue."
            )
        self._reading = True
        try:
            return await self._next()
        finally:
            self._reading = False

    # --- what was said and heard ----------------------------------------------------------------

    def turns(self, profile: str | None = None, last: int | None = None) -> list[Timeline]:
        """One timeline for each stretch of speech: its end, and when the answer became audible.

        Both are found in the sound itself, so they include everything in between.

        Args:
            profile: the simulated latency profile, `world.profile`; None is live.
            last: how many turns, the newest; None is all of them.
        """
        return turns(*self._spans(), lambda: Timeline(self._clock, profile), last)
