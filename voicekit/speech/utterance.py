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

from voicekit.audio import Clip
from voicekit.errors import SpeechDroppedError, SpeechError
from voicekit.speech.channel import Voicing
from voicekit.speech.delivery import Chunk, Delivery
from voicekit.speech.heard import Ledger
from voicekit.speech.tokens import Text, tokens
from voicekit.text.preparer import Fragment, Preparer
from voicekit.timeline.marks import Timeline

QUIET = 0.03
"""Seconds without a token after which an unconfirmed sentence end counts as one."""
HUNGRY = 1.0
"""Seconds of audio left to play under which a clause is sent rather than a sentence awaited."""
KEEP_ALIVE = 10.0
"""Seconds without a token after which the vendor is told that more will come."""
PATIENCE = 10.0
"""Seconds that audio may be owed before the connection counts as dead."""
RETRIES = (0.0, 0.25, 1.0)
"""Seconds to wait before each new connection after a drop."""
_left_to_the_receiver = contextlib.suppress(SpeechDroppedError)  # it sees the drop, and resumes
_HEARTBEAT = 0.1  # an idle loop never lets the kernel's stop button through


class Utterance:
    """Something being said: iterate it (`async for`) for its chunks. Made by `Voice.speak`.

    It starts at once and in the running event loop. `timeline` has its marks.
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
        self.resumed = 0
        """How often the connection was lost and the rest was asked for again."""
        self._text = text
        self._open_channel = open_channel
        self._preparer = preparer
        self._delivery = Delivery(rate, timeline, trim)
        self._ledger = Ledger()
        self._channel: Voicing | None = None
        self._unsent: deque[str] = deque()
        self._finished = False  # no more text will come
        self._sending = asyncio.Lock()
        self._failure: Exception | None = None  # the LLM's; raised after what it said is spoken
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
        return await self._delivery.next()

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
    def chunks(self) -> list[Chunk]:
        """Every chunk handed over."""
        return self._delivery.chunks

    @property
    def silence(self) -> float | None:
        """Seconds of silence that the vendor put before the first sound; None before any sound."""
        return self._delivery.silence

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
            before = self._delivery.seconds
            try:
                await self._one_connection()
                return
            except SpeechError as error:
                failures = 1 if self._delivery.seconds > before else failures + 1
                if failures > len(RETRIES) or not error.passing:
                    raise
            await asyncio.sleep(RETRIES[failures - 1])
            self._unsent = deque(self._ledger.rewind(self._delivery.seconds))
            self.resumed += 1

    async def _one_connection(self) -> None:
        channel = await self._open_channel()
        try:
            async with asyncio.timeout(None) as self._timer:
                self._channel = channel
                await self._pump()
                async for audio in channel.audio():
                    self._watch()
                    self._ledger.align(self._delivery.take(audio.pcm), audio)
                    await self._delivery.room()
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

    # --- ends ---------------------------------------------------------------------------------

    def _end(self, how: BaseException | None, discard: bool = False) -> None:
        if self._beat is not None:
            self._beat.cancel()
        self._delivery.end(how, discard)

    def _keep_beating(self) -> None:
        self._beat = self._loop.call_later(_HEARTBEAT, self._keep_beating)
