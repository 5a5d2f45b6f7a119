"""`bench agent --soak MINUTES --chaos`: kill or stop the engines' processes in a long conversation.

A call may lose a sentence to it and has to go on; closing the stand-in may not wait for a process
that somebody has stopped.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bench.table import Row

VARIANT = "engines killed and stopped"
EVERY = (5.0, 20.0)
"""Seconds of the conversation's clock between two blows."""
LONGEST_STOP = 3.0
"""Seconds that closing the stand-in may take."""
BLOWS, ENDED, STOP = "blows", "calls ended", "closing the stand-in"
UNITS = {BLOWS: "", ENDED: "", STOP: "s"}


class Chaos:
    """Strikes at moments that a seed decides, and counts.

    Args:
        standin: whose engines to strike.
        seed: another one strikes at other moments.
    """

    def __init__(self, standin: Any, seed: int) -> None:
        self._standin = standin
        self._random = random.Random(seed)
        self.rows = {name: Row(VARIANT, name, unit) for name, unit in UNITS.items()}

    async def run(self) -> None:
        """Strike until cancelled."""
        while True:
            await asyncio.sleep(self._random.uniform(*EVERY))
            state = self._standin.state
            blow = self._random.choice((signal.SIGKILL, signal.SIGSTOP))
            victims = [pid for pid in (state.voice.pid, *state.ears.pids) if pid]
            if victims:
                with suppress(ProcessLookupError):  # it has just ended
                    os.kill(self._random.choice(victims), blow)
                self.rows[BLOWS].samples.append(1.0)

    def close(self, stop: Callable[[], object], ended: bool) -> list[Row]:
        """Stop every process, close the stand-in all the same, and say how long it took."""
        state = self._standin.state
        for pid in filter(None, (state.voice.pid, *state.ears.pids)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        begun = time.monotonic()
        stop()
        self.rows[STOP].samples.append(time.monotonic() - begun)
        self.rows[ENDED].samples.append(float(ended))
        return list(self.rows.values())


def verdicts(rows: list[Row]) -> list[str]:
    """Whether the call went on, and how long closing took."""
    figures = {row.metric: row.samples for row in rows if row.variant == VARIANT}
    if not figures:
        return []
    blows, ended, stop = len(figures[BLOWS]), sum(figures[ENDED]), max(figures[STOP])
    word = "FAIL" if ended else "ok  "
    closing = "ok  " if stop <= LONGEST_STOP else "FAIL"
    return [
        (
            f"{word}  {blows} times a process was killed or stopped; the call "
            f"{'ended' if ended else 'went on'}"
        ),
        (
            f"{closing}  closing the stand-in, all its processes stopped: {stop:.1f} s "
            f"(at most {LONGEST_STOP:.0f})"
        ),
    ]
