"""The speech engine's process, seen from ours: start it, ask it, start it again when it dies."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from voicekit.errors import EngineError
from voicekit.standin.engines import Speech, espeak
from voicekit.standin.engines.timing import Word, character_edges
from voicekit.standin.engines.worker import NO_ANSWER, Worker

WORDS_PER_MINUTE = 175  # espeak-ng's usual speed, a voice file's own `speed` comes on top
RATE = 22050  # espeak-ng's only sample rate


@functools.cache
def voice_names() -> tuple[str, ...]:
    """Name the offline voices, each a text file of ours."""
    return tuple(sorted(path.name for path in espeak.VOICES.iterdir()))


class WorkerSynthesiser:
    """Speaks through espeak-ng in a process of its own, started at the first passage.

    Any number of callers may ask at once, from any event loop: one thread asks the process for
    one passage after the other. A cancelled caller's passage is spoken to its end and dropped.

    Args:
        command: the program to ask, for tests.
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        program = str(Path(__file__).with_name("espeak.py"))
        # -P: nothing in the program's or the user's folder may shadow the standard library.
        self._command = list(command or [sys.executable, "-P", program])
        self._turns = ThreadPoolExecutor(max_workers=1, thread_name_prefix="speech")
        self._worker: Worker | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process's id, None before the first passage."""
        return self._worker.pid if self._worker else None

    async def say(self, text: str, voice: str, speed: float = 1.0) -> Speech:
        """Speak `text` with the offline voice `voice`, `speed` times as fast as usual.

        Raises:
            EngineError: there is no such voice, espeak-ng is missing, it died twice on this text,
                or the synthesiser is closed.
        """
        if voice not in (names := voice_names()):
            raise EngineError(f"No offline voice {voice!r}; there are {', '.join(names)}.")
        if self._closed:
            raise EngineError("This speech engine was closed; make a new one.")
        if not text.strip():
            nothing = (0.0,) * len(text)
            return Speech(text, b"", RATE, nothing, nothing)
        request = {"text": text, "voice": voice, "rate": round(WORDS_PER_MINUTE * speed)}
        return await asyncio.get_running_loop().run_in_executor(self._turns, self._speak, request)

    def close(self) -> None:
        """End the process; passages still waiting get an EngineError. Twice is safe."""
        self._closed = True
        self._turns.shutdown()
        if self._worker:
            self._worker.end()

    def _speak(self, request: dict[str, Any]) -> Speech:
        answer, pcm = self._ask(request)
        text, rate = request["text"], answer["rate"]
        edges = character_edges(text, [Word(*word) for word in answer["words"]], len(pcm) // 2)
        seconds = tuple(edge / rate for edge in edges)
        return Speech(text, pcm, rate, seconds[:-1], seconds[1:])

    def _ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Ask the process, and once more a new one if it died: not every death is the text's."""
        ending = ""
        for _ in range(2):
            if self._closed:
                raise EngineError("This speech engine was closed while the passage waited.")
            if self._worker is None:
                self._worker = Worker(self._command)
            try:
                answer, pcm = self._worker.ask(request)
            except NO_ANSWER:
                ending = self._worker.end()
                self._worker = None
                continue
            if "error" in answer:
                raise EngineError(answer["error"])
            return answer, pcm
        raise EngineError(
            f"The offline voice died twice on a text of {len(request['text'])} characters. "
            f"Other texts still work; please report this one ({ending})."
        )
