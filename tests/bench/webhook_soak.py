"""`bench webhook --soak`: whether anything grows while callers come, talk, hang up and come again.

Fifty streams at a time on the webhook with all options on, at a language model's slower pace; a
fifth of the answers are hung up on in the middle. Once a round everybody leaves, and what is left
in the server is counted.
"""

from __future__ import annotations

import time
from statistics import fmean, linear_regression, median

from bench.table import Progress, Row
from bench.webhook_programs import hold, line, process, state
from bench.webhook_upstream import TOKENS, TTFT
from voicekit.errors import VoicekitError

VARIANT = "voicekit relay, all on"
STREAMS = 50
RATE = 20.0  # tokens a second: a third of a core is enough for all of it
HANG_UP = 0.2  # of the answers
ROUND = 20.0  # seconds
WARM = 120.0  # seconds that do not count: imports, pools, caches, the log's thousand entries
_MEMORY, _SOCKETS, _TIME = "memory at rest", "sockets at rest", "counted after"
_BLOCKS = "blocks of Python's memory at rest"
_REST = 1.0  # seconds for what is under way to end
_LEAST = 4  # rounds that count, of at least one more
_FLAT = 1.0  # MB an hour: a caller's memory would be hundreds of times that
_SAME = 0.002  # of the blocks, between the first quarter and the last; one an answer would be 0.05


def measure(minutes: float) -> list[Row]:
    """Hold the streams open for so long, in at least five rounds.

    Raises:
        VoicekitError: this system tells no process's sockets.
    """
    first = Row(VARIANT, f"added to the first token, {STREAMS} streams")
    memory, at = Row(VARIANT, _MEMORY, "MB"), Row(VARIANT, _TIME, "min")
    sockets, answers = Row(VARIANT, _SOCKETS, ""), Row(VARIANT, "answers", "")
    blocks = Row(VARIANT, _BLOCKS, "")
    left, broken = Row(VARIANT, "hung up on", ""), Row(VARIANT, "broken or without a word", "")
    spent = Row(VARIANT, "processor time, of one core", "%")
    period = ROUND + TTFT + TOKENS / RATE + _REST
    rounds = max(_LEAST + 1, round(minutes * 60 / period))
    warming = max(1, min(round(WARM / period), rounds - _LEAST))
    progress = Progress(rounds)
    with (
        process("webhook_upstream", str(RATE)) as upstream,
        process("webhook_server", VARIANT, line(upstream)) as server,
        process("webhook_load") as load,
    ):
        port, begun = line(server), time.monotonic()
        now, used = 0.0, state(port)["cpu"]
        for number in range(rounds):
            figures = hold(load, port, VARIANT, STREAMS, ROUND, RATE, HANG_UP)
            time.sleep(_REST)
            held, before = state(port), now
            now = time.monotonic() - begun
            if "sockets" not in held:
                raise VoicekitError("--soak reads memory and sockets from /proc: use Linux.")
            progress.step()
            spent_now, used = (held["cpu"] - used) / (now - before), held["cpu"]
            if number < warming:
                continue
            spent.samples.append(spent_now * 100)
            first.samples += figures["first"]
            at.samples.append(now / 60)
            memory.samples.append(held["memory"])
            sockets.samples.append(held["sockets"])
            blocks.samples.append(held["blocks"])
            answers.samples.append(figures["tokens"] / TOKENS)
            left.samples.append(figures["left"])
            broken.samples.append(figures["broken"] + figures["waiting"])
    return [first, at, memory, blocks, sockets, answers, left, broken, spent]


def conclude(rows: list[Row]) -> list[str]:
    """Whether it stayed flat; nothing when the rows are of no soak."""
    found = {row.metric: row.samples for row in rows}
    if _MEMORY not in found:
        return []
    memory = found[_MEMORY]
    slope, error = _growth([minutes / 60 for minutes in found[_TIME]], memory)
    word = "flat" if slope + error <= _FLAT else "GROWS" if slope - error > _FLAT else "too short"
    grown = f"{slope:+.1f} ± {error:.1f} MB an hour"
    over = f"over {found[_TIME][-1] - found[_TIME][0]:.0f} minutes after the warm-up"
    return [
        f"{word}: {_MEMORY}, {grown} {over}, from {memory[0]:.1f} MB to {memory[-1]:.1f}.",
        _counted(_BLOCKS, found[_BLOCKS], _SAME),
        _counted(_SOCKETS, found[_SOCKETS], 0.0),
    ]


def _counted(name: str, counts: list[float], most: float) -> str:
    quarter = max(1, len(counts) // 4)
    before, after = median(counts[:quarter]), median(counts[-quarter:])
    word = "flat" if after <= before * (1 + most) else "GROWS"
    return f"{word}: {name}, {before:.0f} in the first quarter, {after:.0f} in the last."


def _growth(times: list[float], values: list[float]) -> tuple[float, float]:
    """The slope of the values over the times, and twice its standard error."""
    slope, start = linear_regression(times, values)
    squares = sum((y - start - slope * x) ** 2 for x, y in zip(times, values, strict=True))
    middle = fmean(times)
    spread = sum((x - middle) ** 2 for x in times)
    return slope, 2 * (squares / (len(times) - 2) / spread) ** 0.5
