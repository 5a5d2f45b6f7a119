"""One session's ear: the sound it keeps, and what it says about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from voicekit.standin.engines import LISTENING_RATE, Heard
from voicekit.standin.engines.sound import above_silence
from voicekit.turns import FRAME, Activity
from voicekit.turns.vad import level

FRAME_BYTES = 1024
LEAD = 0.35  # seconds heard before an utterance's beginning: voice activity is late by up to 0.3
TAIL = FRAME  # seconds heard after the last speech
MEMORY = 2.0  # seconds kept while nobody speaks
LONGEST = 60.0  # seconds of one utterance; of a longer one the end is heard
NEWS = 0.4  # seconds after which a partial text is made anew
NOTHING = Heard("", "none", 0.0)


class Asked(Protocol):
    """What an ear asks of its recogniser."""

    async def judge(self, pcm: bytes) -> list[float]:
        """Likelihoods of speech of whole frames."""
        ...

    async def hear(self, pcm: bytes, final: bool) -> Heard:
        """What an utterance says, its words' times counted from its own beginning."""
        ...

    @property
    def free(self) -> int:
        """How many more utterances could be decoded at once, for all sessions."""
        ...

    async def hear_a_person(self) -> None:
        """From now on, hear with the ears for people."""
        ...

    def forget(self) -> None:
        """The session is over."""
        ...


class Ear:
    """Keeps a session's sound, and begins to decode as soon as a pause begins.

    By the time an utterance is known to be over, its text usually is known, too.
    """

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._sound = bytearray()
        self._dropped = 0  # bytes of the session that are not kept any more
        self._judged = 0  # bytes of the session whose frames are judged
        self._turn = asyncio.Lock()  # frames are judged in the order they came
        self._begun: float | None = None
        self._ended: tuple[float, float] | None = None  # the utterance that ended last
        self._silent: float | None = None  # the end of its speech, as the endpointer tells it
        self._guess: tuple[tuple[float, float], asyncio.Task[Heard]] | None = None
        self._partial = (0.0, "")
        self._closed = False

    async def feed(self, pcm: bytes) -> Sequence[Activity]:
        """Take PCM16 mono of `LISTENING_RATE`, any length; judge the frames that it completes."""
        async with self._turn:
            self._sound += pcm
            start = self._judged - self._dropped
            whole = (len(self._sound) - start) // FRAME_BYTES * FRAME_BYTES
            if not whole or self._closed:
                return ()
            raw = bytes(self._sound[start : start + whole])
            frames = above_silence(raw, self._judged // 2)
            self._sound[start : start + whole] = frames
            at = self._judged
            self._judged += whole
            likely = await self._asked.judge(frames)
            activities = [
                Activity(
                    (at + i * FRAME_BYTES) / (2 * LISTENING_RATE),
                    probability,
                    level(raw[i * FRAME_BYTES : (i + 1) * FRAME_BYTES]),
                )
                for i, probability in enumerate(likely)
            ]
            self._forget_sound()
            return activities

    async def begin(self, at: float) -> None:
        """Begin an utterance whose speech began at `at`; the `LEAD` before that is heard, too.

        Until `MEMORY` seconds after its last speech, an utterance that has ended may begin again:
        then it goes on.
        """
        await self.cancel()
        self._begun = at

    def silent(self, since: float | None) -> None:
        """Learn when the utterance's speech was last, and begin to decode it; None: it goes on.

        Half of all stops are shorter than two frames: those are not worth it when others wait.
        """
        again, self._silent = since == self._silent, since
        if since is not None and (again or self._asked.free > 1):
            self._guess_text()

    async def partial(self) -> str:
        """What the utterance says so far, as far as that is known; empty outside an utterance."""
        if self._begun is None:
            return ""
        if self._guess and self._guess[0] == self._span():
            return (await asyncio.shield(self._guess[1])).text
        now = self._judged / (2 * LISTENING_RATE)
        # One process stays free for an utterance that ends meanwhile: its caller waits for it.
        if now - self._partial[0] >= NEWS and self._asked.free > 1:
            heard = await self._asked.hear(self._cut(self._begun - LEAD, now), final=False)
            self._partial = (now, heard.text)
        return self._partial[1]

    async def end(self, at: float | None = None) -> Heard:
        """End the utterance and say what it said.

        The text depends on where speech began and last was, never on when this is called.
        """
        if self._begun is None:
            return NOTHING
        start, stop = self._span()
        if at is not None and at < stop - FRAME / 2:
            stop = at
        guess, begun = self._guess, self._begun
        self._begun = self._guess = self._silent = None
        self._ended = begun, stop
        self._partial = (0.0, "")
        if guess and guess[0] == (start, stop):
            heard = await asyncio.shield(guess[1])
        else:
            if guess:
                guess[1].cancel()
            heard = await self._asked.hear(self._cut(begun - LEAD, stop + TAIL), final=True)
        origin = max(0.0, begun - LEAD)
        words = (
            replace(word, start=word.start + origin, end=word.end + origin) for word in heard.words
        )
        self._forget_sound()
        return replace(heard, words=tuple(words))

    async def cancel(self) -> None:
        """Drop the utterance; without one, do nothing."""
        if self._guess:
            self._guess[1].cancel()
        self._begun = self._guess = self._silent = None
        self._partial = (0.0, "")

    async def hear_a_person(self) -> None:
        """A person speaks here: from now on hear with the ears for people, where there are any.

        Raises:
            EngineError: they are installed and cannot hear; the other ears go on.
        """
        await self._asked.hear_a_person()

    def close(self) -> None:
        """Give the session's resources back. Twice is safe."""
        if not self._closed:
            self._closed = True
            if self._guess:
                self._guess[1].cancel()
            self._begun = self._guess = self._silent = None
            self._sound.clear()
            self._asked.forget()

    def _guess_text(self) -> None:
        span = self._span()
        if self._begun is None or (self._guess and self._guess[0] == span):
            return
        if self._guess:
            self._guess[1].cancel()
        sound = self._cut(self._begun - LEAD, span[1] + TAIL)
        guess = asyncio.ensure_future(self._asked.hear(sound, final=True))
        guess.add_done_callback(_look_at)
        self._guess = (span, guess)

    def _span(self) -> tuple[float, float]:
        """The beginning and the end of the utterance's speech so far."""
        now = self._judged / (2 * LISTENING_RATE)
        return self._begun or 0.0, now if self._silent is None else self._silent

    def _cut(self, start: float, stop: float) -> bytes:
        """The session's sound from `start` to `stop`, as far as it is kept."""
        first, last = (max(0, round(t * LISTENING_RATE) * 2 - self._dropped) for t in (start, stop))
        return bytes(self._sound[first : min(last, self._judged - self._dropped)])

    def _forget_sound(self) -> None:
        now = self._judged / (2 * LISTENING_RATE)
        keep = now - MEMORY
        if self._ended and self._ended[1] < keep:
            self._ended = None
        begun = self._ended[0] if self._begun is None and self._ended else self._begun
        if begun is not None:
            keep = max(min(keep, begun - LEAD), now - LONGEST)
        extra = round(keep * LISTENING_RATE) * 2 - self._dropped
        if extra > 0:
            del self._sound[:extra]
            self._dropped += extra


def _look_at(guess: asyncio.Task[Heard]) -> None:
    """Take note of how a guess ended: asyncio complains of an error that nobody looked at."""
    if not guess.cancelled():
        guess.exception()
