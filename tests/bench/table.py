"""What every benchmark shares: its options, its rows, and how they are printed."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from voicekit.errors import VoicekitError

HERE = Path(__file__).parent


@dataclass
class Row:
    """The samples of one metric of one variant."""

    variant: str
    metric: str
    unit: str = "ms"
    samples: list[float] = field(default_factory=list)

    def percentile(self, percent: float) -> float:
        """The sample below which `percent` of them lie (nearest rank)."""
        ordered = sorted(self.samples)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Progress:
    """A progress bar on standard error; silent when nobody watches."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0

    def step(self) -> None:
        """One piece of work is done."""
        self.done += 1
        if sys.stderr.isatty():
            filled = 30 * self.done // self.total
            bar = "█" * filled + "·" * (30 - filled)
            end = "\n" if self.done == self.total else ""
            print(f"\r{bar} {self.done}/{self.total}", end=end, file=sys.stderr, flush=True)


class Benchmark(Protocol):
    """What a module that is a benchmark offers."""

    __doc__: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add its own options."""

    def measure(self, options: argparse.Namespace) -> Iterable[Row]:
        """Run, and return the rows in the order to show them; the first of a metric is the base."""


def main(argv: list[str]) -> int:
    """Run one benchmark and print its table, or one JSON object and nothing else."""
    known = sorted(
        path.stem for path in HERE.glob("*.py") if "\ndef measure(" in path.read_text("utf-8")
    )
    if not argv or argv[0] not in known:
        wanted = f"There is no benchmark {argv[0]!r}. " if argv and argv[0][0] != "-" else ""
        print(f"{wanted}Benchmarks: {', '.join(known)}.", file=sys.stderr)
        return 2 if wanted else 0
    benchmark: Benchmark = importlib.import_module(f"bench.{argv[0]}")
    parser = argparse.ArgumentParser(
        prog=f"python3 -m voicekit bench {argv[0]}", description=benchmark.__doc__
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--profile", default="advertised", help="the stand-in's latency profile")
    benchmark.add_arguments(parser)
    options = parser.parse_args(argv[1:])
    try:
        rows = list(benchmark.measure(options))
    except (VoicekitError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(_json(argv[0], options.profile, rows))
        return 0
    table = getattr(benchmark, "table", _table)
    print(table(options.profile, rows))
    for line in getattr(benchmark, "conclude", _no_conclusion)(rows):
        print(line)
    return 0


def _no_conclusion(_rows: list[Row]) -> list[str]:
    """A benchmark without goals of its own."""
    return []


def _json(name: str, profile: str, rows: list[Row]) -> str:
    return json.dumps(
        {
            "bench": name,
            "profile": profile,
            "rows": [
                {
                    "variant": row.variant,
                    "metric": row.metric,
                    "unit": row.unit,
                    "p50": round(row.percentile(50), 3),
                    "p95": round(row.percentile(95), 3),
                    "n": len(row.samples),
                }
                for row in rows
            ],
        }
    )


def _table(profile: str, rows: list[Row]) -> str:
    """Rows with their ratio to the first variant of the same metric."""
    base: dict[str, float] = {}
    width = max(len(row.variant) for row in rows)
    wide = max(len(row.metric) for row in rows)
    head = f"{'variant':{width}}  {'metric':{wide}}  {'p50':>9}  {'p95':>9}  {'ratio':>6}  {'n':>5}"
    lines = [f"simulated vendors, profile {profile!r}", head, "-" * len(head)]
    for row in rows:
        p50 = row.percentile(50)
        first = base.setdefault(row.metric, p50)
        ratio = f"{p50 / first:6.2f}" if first else f"{'-':>6}"
        lines.append(
            f"{row.variant:{width}}  {row.metric:{wide}}  {p50:>6.2f} {row.unit:<2}  "
            f"{row.percentile(95):>6.2f} {row.unit:<2}  {ratio}  {len(row.samples):>5}"
        )
    return "\n".join(lines)
