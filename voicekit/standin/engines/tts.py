"""The speech engine's process, seen from ours: start it, ask it, start it again when it dies."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Sequence
from pathlib import Path

from voicekit.errors import EngineError
from voicekit.standin.engines import Speech, espeak
from voicekit.standin.engines.alignment import Word, character_edges
from voicekit.standin.engines.worker import Attendant, DiedError

WORDS_PER_MINUTE = 175  # espeak-ng's usual speed, a voice file's own `speed` comes on top
RATE = 22050  # espeak-ng's only sample rate


@functools.cache
def voice_names() -> tuple[str, ...]:
    """Name the offline voices, each a text file of ours."""
    return tuple(sorted(path.name for path in espeak.VOICES.iterdir()))


class WorkerSynthesiser:
    """Speaks through espeak-ng in a process of its own, started at the first passage.

    Any number of callers may ask at once, from any event loop: the process speaks one passage
    after the other. A cancelled caller's passage under way is spoken to its end and dropped.

    Args:
        command: the program to ask, for tests.
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        program = str(Path(__file__).with_name("espeak.py"))
        # -P: nothing in the program's or the user's folder may shadow the standard library.
        self._engine = Attendant(
            list(command or [sys.executable, "-P", program]),
            closed="This speech engine was closed; make a new one.",
        )

    @property
    def pid(self) -> int | None:
        """The process's id, None before the first passage."""
        return self._engine.pid

    async def say(self, text: str, voice: str, speed: float = 1.0) -> Speech:
        """Speak `text` with the offline voice `voice`, `speed` times as fast as usual.

        Raises:
            EngineError: there is no such voice, espeak-ng is missing, or the synthesiser is
                closed; `DiedError`, espeak-ng died twice on this text.
        """
        if voice not in (names := voice_names()):
            raise EngineError(f"No offline voice {voice!r}; there are {', '.join(names)}.")
        if not text.strip():
            nothing = (0.0,) * len(text)
            return Speech(text, b"", RATE, nothing, nothing)
        request = {"text": text, "voice": voice, "rate": round(WORDS_PER_MINUTE * speed)}
        try:
            answer, pcm = await asyncio.wrap_future(self._engine.ask(request))
        except DiedError as ending:
            raise DiedError(
                f"The offline voice died twice on a text of {len(text)} characters. "
                f"Other texts still work; please report this one ({ending})."
            ) from ending
        edges = character_edges(text, [Word(*word) for word in answer["words"]], len(pcm) // 2)
        seconds = tuple(edge / answer["rate"] for edge in edges)
        return Speech(text, pcm, answer["rate"], seconds[:-1], seconds[1:])

    def close(self) -> None:
        """End the process; passages still waiting get an EngineError. Twice is safe."""
        self._engine.close()
