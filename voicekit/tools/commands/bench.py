"""Measure, side by side in one run: `bench NAME [--json]`; without a name, lists the benchmarks."""

from __future__ import annotations

import importlib
import os
import sys

from voicekit.tools.setup.bootstrap import needed_checkout


def main(argv: list[str]) -> int:
    """Run a benchmark of the clone's `tests/bench/`; return the exit code.

    Raises:
        SetupError: this is an installed copy, which has no benchmarks.
    """
    tests = str(needed_checkout("bench") / "tests")
    sys.path.insert(0, tests)
    inherited = os.environ.get("PYTHONPATH")  # for the programs that a benchmark starts
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [tests, inherited]))
    code: int = importlib.import_module("bench.table").main(argv)
    return code
