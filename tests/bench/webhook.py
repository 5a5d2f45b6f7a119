"""A custom-LLM webhook under load: voicekit beside what one would write without it, in one run.

Each variant is one worker on one core. The language model and the callers have processes of their
own: the model's first token comes after 0.2 s, then 50 a second (`--rate`), 60 in all. "Added" is
the caller's time to the first token, less the model's. Callers ask again as soon as they are
answered. The goals are for a machine whose floor is known; on a slower one they grow with its
floor. Where the floor's one core is full, choose a lower rate: then all wait for the core.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
from contextlib import ExitStack

from bench import webhook_soak
from bench.table import Progress, Row
from bench.webhook_programs import SERIAL, hold, line, process, state
from bench.webhook_server import GENERATOR, VARIANTS
from bench.webhook_upstream import RATE, TOKENS, TTFT

_SERIAL_MOST = 3  # streams; each waits for all the others, so more would only take longer
_GOALS: dict[int, tuple[tuple[float, ...], ...]] = {
    200: ((1.5, 4.0), (0.5, 0.8)),
    500: ((3.0, 8.0), (0.9, 1.9)),
}
"""For so many streams: the goal, and the floor where it was set; ms, p50 and p95."""
_CPU_GOAL = 2.0
_ALL = [*VARIANTS, GENERATOR]
NOTHING = "nothing between"
"""The callers on the language model itself: what the measurement adds, and none of the goals."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How much to measure: about five minutes by default, under one with `--quick`."""
    parser.add_argument("--streams", default="1,2,10,50,200,500", help="(default 1,2,…,500)")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each figure (default 5)")
    parser.add_argument("--rate", type=float, default=RATE, help=f"tokens a second ({RATE})")
    parser.add_argument("--variants", help="names with semicolons between them (default: all)")
    parser.add_argument(
        "--soak", type=float, metavar="MINUTES", help="hold 50 streams instead, and watch memory"
    )
    parser.add_argument("--quick", action="store_true", help="a small sample of everything")


def measure(options: argparse.Namespace) -> list[Row]:
    """Hold streams open to one variant after the other, at every level."""
    if options.soak:
        return webhook_soak.measure(options.soak)
    levels = [int(level) for level in options.streams.split(",")]
    seconds, rate = options.seconds, options.rate
    if not 1 <= rate <= 1000:
        raise ValueError(f"--rate {rate:g}: a language model gives 1 to 1000 tokens a second.")
    if options.quick:
        levels, seconds = [n for n in levels if n <= 50], TTFT + TOKENS / rate
    names = [name.strip() for name in options.variants.split(";")] if options.variants else _ALL
    if unknown := [name for name in names if name not in _ALL]:
        raise ValueError(f"There is no variant {unknown[0]!r}. Known: {'; '.join(_ALL)}.")
    measured = [*names, NOTHING]
    pairs = [(n, name) for n in levels for name in measured if n <= _SERIAL_MOST or name != SERIAL]
    progress = Progress(len(pairs))
    rows: dict[str, list[Row]] = {}
    with ExitStack() as stack:
        upstream = stack.enter_context(process("webhook_upstream", str(rate)))
        port = line(upstream)
        started = {
            name: stack.enter_context(process("webhook_server", name, port, str(rate)))
            for name in names
        }
        servers = {name: line(program) for name, program in started.items()}
        load = stack.enter_context(process("webhook_load"))
        for name in names:  # a first answer, which does not count: imports, connections
            hold(load, servers[name], name, 1, 0.1, rate)
        for streams, name in pairs:
            server = servers.get(name)
            before = state(server)["cpu"] if server else 0.0
            figures = hold(load, server or port, name, streams, seconds, rate)
            found = [
                ("added to the first token", "ms", figures["first"]),
                ("token delay", "ms", figures["delays"] or [0.0]),
                ("broken or without a word", "", [figures["broken"] + figures["waiting"]]),
            ]
            if server:
                spent = state(server)["cpu"] - before
                answers = max(1, figures["tokens"]) / TOKENS
                found.append(("processor time per answer", "ms", [spent / answers * 1000]))
            for metric, unit, samples in found:
                at = f"{metric}, {streams} stream{'s' * (streams > 1)}"
                rows.setdefault(at, []).append(Row(name, at, unit, samples))
            progress.step()
    return [row for same in rows.values() for row in same]


def conclude(rows: list[Row]) -> list[str]:
    """What the figures say of the goals, and what they were taken with."""
    lines = [_stack(), *webhook_soak.conclude(rows)]
    found = {(row.variant, row.metric): row for row in rows}
    floor = next(iter(VARIANTS))
    for name in ("voicekit relay", "voicekit relay, all on", GENERATOR):
        for streams, (goal, there) in _GOALS.items():
            row = found.get((name, f"added to the first token, {streams} streams"))
            if row is None:
                continue
            asked = _told(goal)
            if least := found.get((floor, row.metric)):
                here = _added(least)
                goal = tuple(map(_scaled, goal, there, here))
                asked += f", so {_told(goal)} where the floor adds {_told(here)}"
            met = all(ms <= most for ms, most in zip(_added(row), goal, strict=True))
            lines.append(
                f"{'met' if met else 'NOT met'}: {name} adds {_told(_added(row))} at {streams} "
                f"streams; goal {asked}."
            )
            metric = f"processor time per answer, {streams} streams"
            if base := found.get((floor, metric)):
                ratio = found[name, metric].samples[0] / base.samples[0]
                lines.append(
                    f"{'met' if ratio <= _CPU_GOAL else 'NOT met'}: {name} takes {ratio:.2f} of "
                    f"the floor's processor time at {streams} streams; goal {_CPU_GOAL:g}."
                )
    return lines


def _scaled(goal: float, there: float, here: float) -> float:
    """A goal on this machine: a speed is worth what it is beside the floor of the same run."""
    return goal * max(1.0, here / there)


def _added(row: Row) -> tuple[float, ...]:
    return row.percentile(50), row.percentile(95)


def _told(times: tuple[float, ...]) -> str:
    p50, p95 = times
    return f"{p50:.2f} ms (p95 {p95:.2f})"


def _stack() -> str:
    has = {name: importlib.util.find_spec(name) is not None for name in ("uvloop", "httptools")}
    loop = "uvloop" if has["uvloop"] else "asyncio"
    parser = "httptools" if has["httptools"] else "h11"
    return f"uvicorn on {loop} with {parser}; {os.cpu_count()} cores."
