"""One session of realtime transcription, without its socket: sound in, partial and committed text.

A segment is what lies between two commits. It is heard in utterances, cut at pauses, since the
recogniser takes an utterance whole; a commit joins them.
"""

from __future__ import annotations

import asyncio
import difflib
import math
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from typing import Any

from voicekit.standin.catalog.profiles import wait_until
from voicekit.standin.engines import LISTENING_RATE, Heard, Hearing, Word
from voicekit.turns import (
    Endpointer,
    SpeechDismissed,
    SpeechStopped,
    SpeechSuspected,
    TurnEnded,
)

SLICE = round(0.25 * LISTENING_RATE) * 2
"""Bytes that are heard at once: an ear keeps two seconds, so a long chunk is taken in parts."""
LONGEST = 30.0
"""Seconds after which an utterance is cut in the middle of speech; an ear keeps a minute."""
_NEWS = 0.5  # seconds of sound between two partial texts
_LEAD = 0.35  # seconds that an ear hears before an utterance begins
_DOUBT = 0.01  # the least confidence whose logarithm is given

Say = Callable[[dict[str, Any]], Awaitable[None]]


class Segment:
    """The sound since the last commit, and what it says.

    Args:
        hearing: the session's ear.
        endpointer: makes what cuts utterances, anew after each commit.
        say: sends a partial text.
        latency: gives the seconds from sound to its partial text, simulated.
    """

    def __init__(
        self,
        hearing: Hearing,
        endpointer: Callable[[], Endpointer],
        say: Say,
        latency: Callable[[], float],
    ) -> None:
        self._hearing, self._say, self._latency = hearing, say, latency
        self._fresh, self._endpointer = endpointer, endpointer()
        self._began: float | None = None  # the utterance under way
        self._ended: list[Heard] = []
        self._partial: asyncio.Task[None] | None = None
        self._shown = ""
        self._asked = 0.0
        self._committed = 0.0  # seconds of the session that are committed
        self._now = 0.0

    @property
    def seconds(self) -> float:
        """How much sound is not committed yet."""
        return self._now - self._committed

    async def hear(self, pcm: bytes) -> bool:
        """Take a slice of at most `SLICE`; whether an utterance has ended in it."""
        over = False
        self._now += len(pcm) / 2 / LISTENING_RATE
        for activity in await self._hearing.feed(pcm):
            for event in self._endpointer.push(activity):
                match event:
                    case SpeechSuspected():
                        await self._begin(event.at)
                    case SpeechDismissed():
                        await self._drop()
                    case SpeechStopped():
                        await self._quiet()
                        self._ask()
                    case TurnEnded():
                        over = await self._end() or over
            self._hearing.silent(self._endpointer.silent_since)
            if self._began is not None:
                if activity.at - self._began > LONGEST:
                    await self._end()
                    self._endpointer = self._fresh()
                elif activity.at - self._asked >= _NEWS and not self._endpointer.silent_since:
                    self._ask()
        return over

    async def commit(self) -> Heard:
        """End the segment and say what it said; the next one begins here."""
        await self._end()
        heard, self._ended = joined(self._ended), []
        if heard.text and heard.text != self._shown:
            await self._say(_partial(heard.text))
        self._endpointer = self._fresh()
        self._shown, self._committed = "", self._now
        return heard

    def close(self) -> None:
        """End what is under way, and let go of the ear."""
        if self._partial is not None:
            self._partial.cancel()
        self._hearing.close()

    async def _begin(self, at: float) -> None:
        self._began = self._asked = at
        # What an ear hears before an utterance begins must not be committed already.
        await self._hearing.begin(max(at, self._committed + _LEAD) if self._committed else at)

    async def _drop(self) -> None:
        await self._quiet()
        self._began = None
        await self._hearing.cancel()

    async def _end(self) -> bool:
        """Keep what an utterance said; whether it said anything."""
        await self._quiet()
        if self._began is None:
            return False
        self._began = None
        heard = await self._hearing.end()
        if heard.text:
            self._ended.append(heard)
        return bool(heard.text)

    async def _quiet(self) -> None:
        """Stop asking for a partial text: what would come is of an utterance that is over."""
        task, self._partial = self._partial, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def _ask(self) -> None:
        if self._partial is None or self._partial.done():
            self._asked = self._now
            self._partial = asyncio.create_task(self._tell())
            self._partial.add_done_callback(_look_at)

    async def _tell(self) -> None:
        """Say what the segment seems to say so far, if that is news."""
        due = asyncio.get_running_loop().time() + self._latency()
        text = await self._hearing.partial()
        self._endpointer.hint(text)
        whole = " ".join([*(heard.text for heard in self._ended), text]).strip()
        await wait_until(due)
        if text and whole != self._shown:
            self._shown = whole
            await self._say(_partial(whole))


def _look_at(task: asyncio.Task[None]) -> None:
    """Take note of how a task ended: a partial text that failed is no loss."""
    if not task.cancelled():
        task.exception()


def _partial(text: str) -> dict[str, Any]:
    return {"message_type": "partial_transcript", "text": text}


def joined(parts: Sequence[Heard]) -> Heard:
    """Several utterances as one; their words are those of the written text."""
    text = " ".join(part.text for part in parts)
    words = tuple(word for part in parts for word in timed(part))
    confidence = min((part.confidence for part in parts), default=0.0)
    return Heard(text, parts[0].source if parts else "none", confidence, words)


def timed(heard: Heard) -> list[Word]:
    """The words of the written text, with the times of the spoken ones that they stand for.

    "Order 4217" is two words, "order forty two seventeen" four: what is written otherwise shares
    the time of what was spoken there.
    """
    written, spoken = heard.text.split(), list(heard.words)
    if not written or not spoken:
        return []
    matcher = difflib.SequenceMatcher(
        None, [word.text.lower() for word in spoken], [text.lower() for text in written], False
    )
    words = []
    for _, first, last, start, stop in matcher.get_opcodes():
        texts = written[start:stop]
        begin = spoken[min(first, len(spoken) - 1)].start
        end = spoken[last - 1].end if last > first else begin
        for index, text in enumerate(texts):
            share = (end - begin) / len(texts)
            words.append(Word(text, begin + index * share, begin + (index + 1) * share))
    return words


def word_messages(heard: Heard) -> list[dict[str, Any]]:
    """A committed text's words and the spaces between them, as the vendor sends them."""
    logprob = round(math.log(max(heard.confidence, _DOUBT)), 3)  # words have none of their own

    def item(text: str, kind: str, start: float, end: float) -> dict[str, Any]:
        times = {"start": round(start, 3), "end": round(end, 3)}
        return {"text": text, "type": kind, "logprob": logprob, **times}

    items = [item(word.text, "word", word.start, word.end) for word in heard.words[:1]]
    for before, word in pairwise(heard.words):
        items.append(item(" ", "spacing", before.end, word.start))
        items.append(item(word.text, "word", word.start, word.end))
    return items
