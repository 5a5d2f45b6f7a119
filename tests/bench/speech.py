"""From an LLM's tokens to audio: voicekit beside the SDK and the agent frameworks, in one run.

Every variant is a process of its own and gets the same tokens at the same times; the stand-in
notes when it had what. "Added" is time to first audio, less the LLM's time to the token that
completed the text spoken first, less the vendor's own time to its first chunk.
"""

from __future__ import annotations

import argparse
import random

from bench import speech_figures as figures
from bench.speech_turns import (
    VARIANTS,
    Stage,
    Turn,
    Variant,
    Worker,
    in_turn,
    peers_python,
    replies,
    schedule,
    split,
    stage,
    together,
)
from bench.speech_verdict import verdicts
from bench.table import Progress, Row

RATE = 50
"""Tokens a second over the whole set."""
PAUSE = (12, 1.5)
"""The paused LLM: seconds of silence, after so many tokens."""
PROMPT = "Read me a sample invoice."
"""What the stand-in answers at length, to be cancelled."""
_SPOKEN_AS_WRITTEN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,.;!?'")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much to measure: about five minutes by default, under one with `--quick`."""
    parser.add_argument("--replies", type=int, default=100, help="of the set (default 100)")
    parser.add_argument("--turns", type=int, default=6, help="whole replies per rate (default 6)")
    parser.add_argument("--rates", default="15,50,200", help="tokens a second (default 15,50,200)")
    parser.add_argument("--pauses", type=int, default=8, help="replies with a pause (default 8)")
    parser.add_argument("--cancels", type=int, default=50, help="replies cancelled (default 50)")
    parser.add_argument("--variants", help="names with commas between them (default: all)")
    parser.add_argument("--quick", action="store_true", help="a small sample of everything")


def measure(options: argparse.Namespace) -> list[Row]:
    """Run all parts against one stand-in."""
    if options.quick:
        options.replies, options.turns, options.pauses, options.cancels = 8, 2, 1, 5
        options.rates = "50"
    variants = _chosen(options.variants)
    rates = [float(rate) for rate in options.rates.split(",") if rate]
    cancelling = [variant for variant in variants if variant.cancels]
    rows = _Rows()
    progress = Progress(
        (len(_lines(options.replies, options.pauses)) + options.turns * len(rates)) * len(variants)
        + options.cancels * len(cancelling)
    )
    with stage(options.profile) as standin:
        if options.replies:
            _the_set(standin, variants, options.replies, options.pauses, rows, progress)
        if options.turns:
            _whole_replies(standin, variants, options.turns, rates, rows, progress)
        if options.cancels and cancelling:
            _cancelled(standin, cancelling, options.cancels, rows, progress)
    return rows.all()


def conclude(rows: list[Row]) -> list[str]:
    """What the figures say, goal by goal."""
    lines = verdicts(rows)
    if not peers_python().exists():
        lines.append(
            "Pipecat and LiveKit are not installed, so they were left out. To have them: python3 "
            "-m venv .peers && .peers/bin/pip install -r tests/clients/peers.txt (or name another "
            "environment's python in VOICEKIT_PEERS)."
        )
    return lines


def _chosen(names: str | None) -> list[Variant]:
    there = [variant for variant in VARIANTS if not variant.peer or peers_python().exists()]
    if names is None:
        return there
    by_name = {variant.name: variant for variant in there}
    wanted = [name.strip() for name in names.split(",")]
    if unknown := [name for name in wanted if name not in by_name]:
        raise ValueError(f"There is no variant {unknown[0]!r} here. Known: {', '.join(by_name)}.")
    return [by_name[name] for name in wanted]


class _Rows:
    """Samples by metric and variant, in the order in which the metrics came up."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Row]] = {}

    def add(self, metric: str, turn: Turn, value: float, unit: str = "ms") -> None:
        """Note a sample; seconds become milliseconds."""
        variant = turn.variant.name
        row = self._rows.setdefault(metric, {}).setdefault(variant, Row(variant, metric, unit))
        row.samples.append(value * 1000 if unit == "ms" else value)

    def all(self) -> list[Row]:
        """The rows, those of one metric together."""
        return [row for rows in self._rows.values() for row in rows.values()]


def _warm_up(workers: dict[Variant, Worker]) -> None:
    """A first turn, which does not count."""
    text = "Hello there. This one is only to warm up."
    in_turn(workers, text, RATE, tokens=schedule(text, RATE))


def _spread(lines: list[str], count: int) -> list[str]:
    """So many of the lines, from all over the list."""
    count = min(count, len(lines))
    return [lines[n * len(lines) // count] for n in range(count)]


def _the_set(
    standin: Stage,
    variants: list[Variant],
    count: int,
    pauses: int,
    rows: _Rows,
    progress: Progress,
) -> None:
    """Time to first audio over the set, and again for a few replies with an LLM that pauses."""
    plain: dict[tuple[str, str], float] = {}
    turns = []
    with standin.workers(variants) as workers:
        _warm_up(workers)
        for text in _lines(count, pauses):
            for turn in together(workers, text, RATE, tokens=schedule(text, RATE), first_only=True):
                ttfa = plain[turn.variant.name, text] = figures.time_to_first_audio(turn)
                rows.add("time to first audio", turn, ttfa)
                if figures.opener_words(text) == 2 < len(text.split()):
                    rows.add("time to first audio, two-word opener", turn, ttfa)
                if turn.unexplained is not None:
                    rows.add("unexplained by the timeline", turn, abs(turn.unexplained))
                turns.append(turn)
                progress.step()
        for text in _paused(pauses):
            tokens = schedule(text, RATE, PAUSE)
            for turn in together(workers, text, RATE, tokens=tokens, first_only=True):
                ttfa = figures.time_to_first_audio(turn)
                rows.add("time to first audio, LLM pauses", turn, ttfa)
                rows.add("later for the pause", turn, ttfa - plain[turn.variant.name, text])
        journal = standin.journal()
    for turn in turns:
        if turn.variant.name == "voicekit":
            _, fragment = figures.first_generated(figures.attach(turn, journal))
            rows.add("first fragment", turn, len(fragment.split()), "words")


def _lines(count: int, pauses: int) -> list[str]:
    """So many lines of the set, and those that are heard again with a pause."""
    wanted = {*_spread(replies(), count), *_paused(pauses)} if count else set()
    return [line for line in replies() if line in wanted]


def _paused(count: int) -> list[str]:
    return _spread([line for line in replies() if _paused_later(line)], count)


def _paused_later(text: str) -> bool:
    """Whether the pause comes after the first sentence, or right at its end, and not much later."""
    ends = [n for n, token in enumerate(split(text), 1) if token in (".", "!", "?")]
    return bool(ends) and PAUSE[0] - 4 <= ends[0] <= PAUSE[0] < len(split(text))


def _whole_replies(
    standin: Stage,
    variants: list[Variant],
    count: int,
    rates: list[float],
    rows: _Rows,
    progress: Progress,
) -> None:
    """Replies to their end, one variant after the other: what software adds, chunk by chunk."""
    lines = [
        line
        for line in replies()
        if set(line) <= _SPOKEN_AS_WRITTEN and "Mr." not in line and 12 <= len(split(line)) <= 20
    ]
    turns: list[Turn] = []
    with standin.workers(variants) as workers:
        _warm_up(workers)
        for rate in rates:
            for text in _spread(lines, count):
                tokens = schedule(text, rate)
                for turn in in_turn(workers, text, rate, tokens=tokens):
                    turns.append(turn)
                    progress.step()
        journal = standin.journal()
    for turn in turns:
        figures.attach(turn, journal)
        at = f"{turn.rate:g} tok/s"
        rows.add(f"vendor's own time, {at}", turn, figures.vendors_own(turn))
        rows.add(f"added, {at}", turn, figures.added(turn))
        for seconds in figures.deliveries(turn):
            rows.add(f"chunk delivery, {at}", turn, seconds)
        silence, forced = figures.stalls(turn)
        rows.add(f"playback stall, {at}", turn, silence)
        rows.add(f"stall beyond the vendor's, {at}", turn, silence - forced)


def _cancelled(
    standin: Stage, variants: list[Variant], count: int, rows: _Rows, progress: Progress
) -> None:
    """A real LLM stream, cancelled at some moment: when both vendors have seen it."""
    chance = random.Random(count)
    turns = []
    with standin.workers(variants) as workers:
        in_turn(workers, "", RATE, cancel=0.5, prompt=PROMPT)
        for _ in range(count):
            after = chance.uniform(0.1, 0.4)
            for turn in in_turn(workers, "", RATE, cancel=after, prompt=PROMPT):
                turns.append(turn)
                progress.step()
        journal = standin.journal()
    for turn in turns:
        rows.add("cancel to both hang-ups", turn, figures.hang_ups(turn, journal))
