"""One session's ear, with a recogniser that tells how much it was given."""

from __future__ import annotations

import asyncio

from voicekit.standin.engines import LISTENING_RATE, Heard
from voicekit.standin.engines.listener import LEAD, MEMORY, TAIL, Ear

LOUD, QUIET = b"\x00\x10" * 512, b"\x01\x00" * 512


class Asked:
    """Loud frames are speech; what an utterance says is how many seconds it has."""

    free = 1

    async def judge(self, pcm: bytes) -> list[float]:
        return [float(pcm[at : at + 1024] == LOUD) for at in range(0, len(pcm), 1024)]

    async def hear(self, pcm: bytes, final: bool) -> Heard:  # noqa: ARG002
        return Heard(f"{len(pcm) / 2 / LISTENING_RATE:.3f}", "grammar", 1.0)

    def forget(self) -> None:
        pass


def seconds(start: float, stop: float) -> str:
    return f"{stop - start + LEAD + TAIL:.3f}"


def test_an_utterance_that_ended_goes_on_when_it_is_begun_again() -> None:
    async def converse() -> list[str]:
        ear = Ear(Asked())
        await ear.feed(QUIET * 100 + LOUD * 50)  # speech from 3.2 s to 4.8 s
        await ear.begin(3.2)
        await ear.feed(QUIET * 10)
        ear.silent(4.8)
        first = await ear.end()
        await ear.feed(QUIET * 30 + LOUD)  # and again from 6.08 s
        await ear.begin(3.2)
        await ear.feed(LOUD * 9 + QUIET * 5)  # to 6.4 s
        ear.silent(6.4)
        return [first.text, (await ear.end()).text]

    assert asyncio.run(converse()) == [seconds(3.2, 4.8), seconds(3.2, 6.4)]


def test_sound_is_not_kept_for_longer_than_somebody_may_go_on() -> None:
    async def converse() -> str:
        ear = Ear(Asked())
        await ear.feed(QUIET * 100 + LOUD * 50)
        await ear.begin(3.2)
        await ear.feed(QUIET * 10)
        await ear.end()
        await ear.feed(QUIET * 100 + LOUD)
        await ear.begin(3.2)
        await ear.feed(QUIET * 2)
        return (await ear.end()).text

    assert float(asyncio.run(converse())) < MEMORY + LEAD
