"""LLM text in, audio out, at the same time: full duplex over ElevenLabs' `stream-input`.

Two tasks share one channel. One takes tokens, cuts them into fragments (`voicekit.text`) and sends
each fragment the moment it is ready; the other hands over audio the moment it arrives. Neither
waits for the other, so the voice starts while the LLM is still talking, and a slow LLM never
holds back audio that is already here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

from voicekit.audio import Clip
from voicekit.errors import SpeechDroppedError, SpeechError
from voicekit.speech.channel import Audio, Voicing
from voicekit.speech.heard import Ledger
from voicekit.speech.tokens import Text, tokens
from voicekit.text.preparer import Fragment, Preparer
from voicekit.timeline.marks import Timeline

QUIET = 0.03
"""Seconds without a token after which an unconfirmed sentence end counts as one."""
HUNGRY = 1.0
"""Seconds of audio left to play under which a clause is sent rather than a sentence awaited."""
BACKLOG = 30.0
"""Seconds of unread audio above which the socket is not read: a slow player slows the vendor."""
KEEP_ALIVE = 10.0
"""Seconds without a token after which the vendor is told that more will come."""
PATIENCE = 10.0
"""Seconds that audio may be owed before the connection counts as dead."""
RETRIES = (0.0, 0.25, 1.0)
"""Seconds to wait before each new connection after a drop."""
_left_to_the_receiver = contextlib.suppress(SpeechDroppedError)  # it sees the drop, and resumes
_HEARTBEAT = 0.1  # an idle loop never lets the kernel's stop button through


@dataclass(frozen=True)
class Chunk:
    """A piece of audio as it came: PCM16 mono at `rate` samples a second."""

    pcm: bytes
    rate: int

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self.pcm) / 2 / self.rate


class Utterance:
    """Something being said: iterate it (`async for`) for its chunks. Made by `Voice.speak`.

    It starts at once and in the running event loop. `timeline` has its marks, `text` the source
    text so far, `chunks` every chunk handed over.
    """

    def __init__(
        self,
        text: Text,
        open_channel: Callable[[], Awaitable[Voicing]],
        preparer: Preparer,
        rate: int,
        timeline: Timeline,
        trim: bool = False,
    ) -> None:
        self.timeline = timeline
        self.rate = rate
        self.chunks: list[Chunk] = []
        self.silence: float | None = None
        """Seconds of silence that the vendor put before the first sound; None before any sound."""
        self.resumed = 0
        """How often the connection was lost and the rest was asked for again."""
        self._text = text
        self._open_channel = open_channel
        self._preparer = preparer
        self._trim = trim
        self._ledger = Ledger()
        self._channel: Voicing | None = None
        self._unsent: deque[str] = deque()
        self._finished = False  # no more text will come
        self._ready: asyncio.Queue[Chunk | BaseException | None] = asyncio.Queue()
        self._sending = asyncio.Lock()
        self._failure: Exception | None = None  # the LLM's; raised after what it said is spoken
        self._seconds = 0.0  # handed over
        self._skipped = 0.0  # silence left out
        self._unread = 0.0
        self._room = asyncio.Event()
        self._timer: asyncio.Timeout | None = None
        self._loop = asyncio.get_running_loop()
        timeline.mark("request")
        self._work = self._loop.create_task(self._run())
        self._beat: asyncio.TimerHandle | None = None
        self._keep_beating()

    # --- what the listener does ---------------------------------------------------------------

    def __aiter__(self) -> Utterance:
        return self

    async def __anext__(self) -> Chunk:
        item = await self._ready.get()
        if item is None or isinstance(item, BaseException):
            self._ready.put_nowait(None)  # asked again, it has still ended
            if item is None:
                raise StopAsyncIteration
            raise item
        self._unread -= item.seconds
        self._room.set()
        return item

    async def clip(self) -> Clip:
        """Wait for the whole utterance and return it as one clip."""
        async for _ in self:
            pass
        return Clip(b"".join(chunk.pcm for chunk in self.chunks), self.rate, self.text)

    def cancel(self) -> None:
        """Stop at once: hang up on the vendor and on the LLM, and end the iteration.

        Call it from the utterance's own loop, at any time and as often as you like.
        """
        if self._work.done():
            return
        self.timeline.mark("cancelled")
        if self._channel is not None:
            self._channel.abort()
        self._work.cancel()
        self._end(None, discard=True)

    @property
    def text(self) -> str:
        """The source text that has been sent to the voice so far."""
        return self._ledger.source

    def heard(self, seconds: float) -> str:
        """The source text that a listener has heard after `seconds` of playing, whole words only.

        By the vendor's alignment; where there is none, by an average speaking rate.
        """
        return self._ledger.heard(seconds)

    # --- text to the vendor -------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send_text())
                tasks.create_task(self._receive_audio())
        except* Exception as errors:
            self._end(errors.exceptions[0])
        else:
            self.timeline.mark("finished")
            self._end(self._failure)

    async def _send_text(self) -> None:
        source = tokens(self._text)
        try:
            while (said := await self._next_token(source)) is not None:
                self.timeline.tokens.append((self.timeline.clock(), said))
                self.timeline.mark("first_token")
                await self._release(self._preparer.feed(said, hungry=self._hungry()))
                if not self._ledger.fragments:  # the next token may be a tool call away
                    await self._release(self._preparer.quiet())
            self.timeline.mark("last_token")
        except Exception as failure:  # whatever the LLM's client raises
            self._failure = failure
        finally:
            await source.aclose()
        await self._release(self._preparer.finish())
        self._finished = True
        await self._pump()

    async def _next_token(self, source: AsyncGenerator[str]) -> str | None:
        """The next token; while the LLM pauses, say what is complete and keep the line open."""
        token: asyncio.Future[str | None] = asyncio.ensure_future(anext(source, None))
        try:
            done, _ = await asyncio.wait({token}, timeout=QUIET)
            if not done:
                await self._release(self._preparer.quiet(hungry=self._hungry()))
            while not done:
                done, _ = await asyncio.wait({token}, timeout=KEEP_ALIVE)
                if not done and self._channel is not None:
                    with _left_to_the_receiver:
                        await self._channel.keep_alive()
        finally:
            if token.cancel():
                await asyncio.wait({token})
        return token.result()

    async def _release(self, fragments: list[Fragment]) -> None:
        for fragment in fragments:
            self._ledger.add(fragment)
            if fragment.spoken.strip():
                self._unsent.append(fragment.spoken)
        if fragments:
            await self._pump()

    async def _pump(self) -> None:
        """Send what is unsent, if there is a connection; a new one sends it otherwise."""
        async with self._sending:
            channel = self._channel
            with _left_to_the_receiver:
                while channel is not None and self._unsent and channel is self._channel:
                    self.timeline.mark("first_fragment")
                    self._watch()
                    await channel.send(self._unsent.popleft())
                if channel is not None and self._finished and channel is self._channel:
                    self._watch()
                    await channel.finish()

    def _hungry(self) -> bool:
        """Whether the player would soon run dry, supposing that it plays from the first chunk."""
        if not self._ledger.fragments:
            return False  # the preparer has a rule of its own for the first fragment
        now = self.timeline.clock()
        played = now - self.timeline.marks.get("first_byte", now)
        return self._ledger.expected - played < HUNGRY

    # --- audio from the vendor ----------------------------------------------------------------

    async def _receive_audio(self) -> None:
        failures = 0
        while True:
            before = self._seconds
            try:
                await self._one_connection()
                return
            except SpeechError as error:
                failures = 1 if self._seconds > before else failures + 1
                if failures > len(RETRIES) or not error.passing:
                    raise
            await asyncio.sleep(RETRIES[failures - 1])
            self._unsent = deque(self._ledger.rewind(self._seconds))
            self.resumed += 1

    async def _one_connection(self) -> None:
        channel = await self._open_channel()
        try:
            async with asyncio.timeout(None) as self._timer:
                self._channel = channel
                await self._pump()
                async for audio in channel.audio():
                    self._watch()
                    await self._hand_over(audio)
            if not self._finished:
                raise SpeechDroppedError("The vendor ended the utterance before its text was out.")
        except TimeoutError:
            raise SpeechDroppedError(
                f"The vendor owed audio and was silent for {PATIENCE:g} s."
            ) from None
        finally:
            self._channel = self._timer = None
            channel.abort()

    def _watch(self) -> None:
        """Start the clock anew on a vendor that owes audio; stop it while the LLM is thinking."""
        if self._timer is not None and not self._timer.expired():
            owed = self._finished or self._unsent or self._ledger.owed
            self._timer.reschedule(self._loop.time() + PATIENCE if owed else None)

    async def _hand_over(self, audio: Audio) -> None:
        pcm = audio.pcm if self.silence is not None else self._begin(audio.pcm)
        skipped = (len(audio.pcm) - len(pcm)) / 2 / self.rate
        self._skipped += skipped
        self._ledger.align(self._seconds - skipped, audio)
        if not pcm:
            return
        self.timeline.mark("playing")  # supposing that it plays as it comes
        chunk = Chunk(pcm, self.rate)
        self.timeline.audio.append((self.timeline.clock(), chunk.seconds))
        self.chunks.append(chunk)
        self._seconds += chunk.seconds
        self._unread += chunk.seconds
        self._ready.put_nowait(chunk)
        while self._unread > BACKLOG:
            self._room.clear()
            await self._room.wait()

    def _begin(self, pcm: bytes) -> bytes:
        """Note the silence before the first sound, and leave it out if that was asked for."""
        self.timeline.mark("first_byte")
        onset = Clip(pcm, self.rate).onset()
        if onset is None:
            return b"" if self._trim else pcm
        self.silence = self._seconds + self._skipped + onset
        now = self.timeline.clock()
        due = max(now, self.timeline.marks.get("playing", now) + self._seconds)
        self.timeline.mark("audible", now if self._trim else due + onset)
        return pcm[2 * round(onset * self.rate) :] if self._trim else pcm

    # --- ends ---------------------------------------------------------------------------------

    def _end(self, how: BaseException | None, discard: bool = False) -> None:
        if self._beat is not None:
            self._beat.cancel()
        while discard and not self._ready.empty():
            self._ready.get_nowait()
        self._ready.put_nowait(how)

    def _keep_beating(self) -> None:
        self._beat = self._loop.call_later(_HEARTBEAT, self._keep_beating)
