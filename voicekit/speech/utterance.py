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
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

from voicekit.audio import Clip
from voicekit.errors import SpeechDroppedError, SpeechError
from voicekit.speech.channel import Channel
from voicekit.speech.delivery import Chunk, Delivery
from voicekit.speech.dialogue import Turn
from voicekit.speech.heard import Ledger
from voicekit.speech.messages import Audio
from voicekit.speech.tokens import Text, tokens
from voicekit.text.preparer import Fragment, Preparer
from voicekit.timeline.marks import Timeline
from voicekit.timeline.release import Release, left_to_play

KEEP_ALIVE = 10.0
"""Seconds without a token after which the vendor is told that more will come."""
PATIENCE = 10.0
"""Seconds that audio may be owed before the connection counts as dead."""
LINGER = 1.0
"""Seconds of silence after which a vendor that has not announced the last words is told that there
are no more: it may be waiting for that."""
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
        open_channel: Callable[[], Awaitable[Channel | Turn]],
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
        self._release = Release(preparer)
        self._delivery = Delivery(rate, timeline, trim)
        self._ledger = Ledger(rate)
        self._channel: Channel | Turn | None = None
        self._told: Channel | Turn | None = None  # that there is no more text
        self._unsent: deque[str] = deque()
        self._finished = False  # no more text will come
        self._sending = asyncio.Lock()
        self._failure: Exception | None = None  # the LLM's; raised after what it said is spoken
        self._timer: asyncio.Timeout | None = None
        self._linger: asyncio.TimerHandle | None = None
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
            error = errors.exceptions[0]
            if isinstance(error, SpeechError):
                said = self._ledger.heard(self._delivery.seconds)
                rest = "".join(fragment.source for fragment in self._release.finish())
                error.account(said, self._ledger.source[len(said) :] + rest)
            self._end(error)
        else:
            self.timeline.mark("finished")
            self._end(self._failure or self._ledger.doubt)

    async def _send_text(self) -> None:
        source = tokens(self._text)
        try:
            while (token := await self._next_token(source)) is not None:
                self.timeline.tokens.append((self.timeline.clock(), token))
                self.timeline.mark("first_token")
                await self._send(self._release.token(token, self._left()))
            self.timeline.mark("last_token")
        except Exception as failure:  # whatever the LLM's client raises
            self._failure = failure
        finally:
            await source.aclose()
        await self._send(self._release.finish())
        self._finished = True
        await self._pump()

    async def _next_token(self, source: AsyncGenerator[str]) -> str | None:
        """The next token; while the LLM pauses, say what can be said and keep the line open."""
        token: asyncio.Future[str | None] = asyncio.ensure_future(anext(source, None))
        alive = self._loop.time()
        try:
            while True:
                silent = alive + KEEP_ALIVE - self._loop.time()
                look = self._release.look_after(self._left())
                wait = max(0.0, silent if look is None else min(look, silent))
                if (await asyncio.wait({token}, timeout=wait))[0]:
                    break
                if wait == look:
                    await self._send(self._release.look(self._left()))
                    continue
                alive = self._loop.time()
                if self._channel is not None:
                    with _left_to_the_receiver:
                        await self._channel.keep_alive()
        finally:
            if token.cancel():
                await asyncio.wait({token})
        return token.result()

    async def _send(self, fragments: Sequence[Fragment]) -> None:
        for fragment in fragments:
            self._ledger.add(fragment)
            if fragment.spoken.strip():
                self._unsent.append(fragment.spoken)
        await self._pump()

    async def _pump(self, insist: bool = False) -> None:
        """Send what is unsent, if there is a connection; a new one sends it otherwise.

        The end is said once the last words' audio is on its way: a vendor that is told to close in
        the same breath may close before it has spoken. `insist` says it anyway.
        """
        async with self._sending:
            channel = self._channel
            if channel is None:
                return
            with _left_to_the_receiver:
                while self._unsent and channel is self._channel and not self._delivery.full:
                    self.timeline.mark("first_fragment")
                    self._watch()
                    await channel.send(self._unsent.popleft())
                if channel is not self._channel or channel is self._told:
                    return
                if self._finished and not self._unsent:
                    ends = insist or self._ledger.announced
                    self._told = channel if ends else None
                    self._watch()
                    if ends:
                        await channel.finish()

    def _left(self) -> float:
        """Seconds that the player has left, supposing that it plays from the first chunk."""
        coming = self._ledger.expected - self._delivery.seconds
        return left_to_play(self.timeline.audio, self.timeline.clock()) + max(coming, 0.0)

    # --- audio from the vendor ----------------------------------------------------------------

    async def _receive_audio(self) -> None:
        failures, said = 0, 0
        while True:
            try:
                await self._one_connection()
                return
            except SpeechError as error:
                before, said = said, self._ledger.position(self._delivery.seconds)
                failures = 1 if said > before else failures + 1  # a vendor that gets on is not gone
                if failures > len(RETRIES) or not error.passing or not self._ledger.certain:
                    raise
            self._unsent = deque(self._ledger.rewind(self._delivery.seconds))
            if self._finished and not self._unsent:
                return  # it was lost after the last word
            await asyncio.sleep(RETRIES[failures - 1])
            self.resumed += 1

    async def _one_connection(self) -> None:
        channel = await self._open_channel()
        self._delivery.cut()
        try:
            async with asyncio.timeout(None) as self._timer, aclosing(channel.audio()) as sound:
                self._channel = channel
                await self._pump()
                async for audio in sound:
                    await self._take(audio)
            if not self._finished:
                raise SpeechDroppedError("The vendor ended the utterance before its text was out.")
            self._ledger.settle(self._delivery.seconds)
        except TimeoutError:
            raise SpeechDroppedError(
                f"The vendor owed audio and was silent for {PATIENCE:g} s."
            ) from None
        finally:
            self._channel = self._timer = None
            if self._linger is not None:
                self._linger.cancel()
            channel.abort()

    async def _take(self, audio: Audio) -> None:
        """Hand over a message; while the listener is too far behind, take no other."""
        if not (audio.pcm or audio.chars) or self._ledger.repeats(audio):
            return
        self._ledger.align(self._delivery.take(audio.pcm), audio)
        self._watch()
        await self._delivery.room()
        await self._pump()
        self._watch()

    def _watch(self) -> None:
        """Start the clocks anew on a vendor that owes audio; stop them while it need not speak.

        It need not while the LLM is thinking, nor while the listener pauses.
        """
        if self._linger is not None:
            self._linger.cancel()
        if self._timer is None or self._timer.expired():
            return
        owed = self._finished or self._unsent or self._ledger.owed
        if not owed or self._delivery.full:
            self._timer.reschedule(None)
            return
        self._timer.reschedule(self._loop.time() + PATIENCE)
        if self._finished and self._channel is not self._told:
            self._linger = self._loop.call_later(LINGER, self._insist)

    def _insist(self) -> None:
        self._insisting = self._loop.create_task(self._pump(insist=True))

    # --- ends ---------------------------------------------------------------------------------

    def _end(self, how: BaseException | None, discard: bool = False) -> None:
        if self._beat is not None:
            self._beat.cancel()
        self._delivery.end(how, discard)

    def _keep_beating(self) -> None:
        self._beat = self._loop.call_later(_HEARTBEAT, self._keep_beating)
