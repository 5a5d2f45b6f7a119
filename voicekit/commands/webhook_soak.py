"""`bench webhook --soak`: whether anything grows while callers come, talk, hang up and come again.

Fifty streams at a time on the webhook with all options on; a fifth of the answers are hung up on
in the middle. Once a round everybody leaves, and what is left in the server is counted.
"""

from __future__ import annotations

import time
from statistics import median

from voicekit.commands.bench import Progress, Row
from voicekit.commands.webhook_programs import hold, line, process, state
from voicekit.commands.webhook_upstream import TOKENS
from voicekit.errors import VoicekitError

VARIANT = "voicekit relay, all on"
STREAMS = 50
HANG_UP = 0.2  # of the answers
ROUND = 20.0  # seconds
_MEMORY, _SOCKETS = "memory at rest", "sockets at rest"
_REST = 1.0  # seconds for what is under way to end
_FLAT = 1.03  # times: what the last quarter may hold of the first one's memory


def measure(minutes: float) -> list[Row]:
    """Hold the streams open for so long; at least four rounds after one that does not count.

    Raises:
        VoicekitError: this system tells no process's sockets.
    """
    first = Row(VARIANT, f"added to the first token, {STREAMS} streams")
    memory = Row(VARIANT, _MEMORY, "MB")
    sockets, answers = Row(VARIANT, _SOCKETS, ""), Row(VARIANT, "answers", "")
    left, broken = Row(VARIANT, "hung up on", ""), Row(VARIANT, "broken or without a word", "")
    rounds = max(4, round(minutes * 60 / ROUND))
    progress = Progress(rounds + 1)
    with (
        process("webhook_upstream") as upstream,
        process("webhook_server", VARIANT, line(upstream)) as server,
        process("webhook_load") as load,
    ):
        port = line(server)
        for number in range(rounds + 1):
            figures = hold(load, port, VARIANT, STREAMS, ROUND, HANG_UP)
            time.sleep(_REST)
            held = state(port)
            progress.step()
            if "sockets" not in held:
                raise VoicekitError("--soak reads memory and sockets from /proc: use Linux.")
            if not number:
                continue  # imports, pools, caches
            first.samples += figures["first"]
            memory.samples.append(held["memory"])
            sockets.samples.append(held["sockets"])
            answers.samples.append(figures["tokens"] / TOKENS)
            left.samples.append(figures["left"])
            broken.samples.append(figures["broken"] + figures["waiting"])
    return [first, memory, sockets, answers, left, broken]


def conclude(rows: list[Row]) -> list[str]:
    """Whether it stayed flat; nothing when the rows are of no soak."""
    found = {row.metric: row.samples for row in rows}
    if _MEMORY not in found:
        return []
    lines = []
    for metric, unit, most in ((_MEMORY, " MB", _FLAT), (_SOCKETS, "", 1.0)):
        samples = found[metric]
        quarter = max(1, len(samples) // 4)
        before, after = median(samples[:quarter]), median(samples[-quarter:])
        word = "flat" if after <= before * most else "GROWS"
        told = f"{before:.1f}{unit} in the first quarter, {after:.1f}{unit} in the last"
        lines.append(f"{word}: {metric}, {told}.")
    return lines
