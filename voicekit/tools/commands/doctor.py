"""Is everything ready? Checks Python, packages, keys and the stand-in, and says what to do."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicekit.tools.doctor import Row


def main(argv: list[str]) -> int:
    """Check what a terminal can check, a line for each row as soon as it is known.

    Returns:
        0 when nothing is wrong, else 1.
    """
    parser = argparse.ArgumentParser(prog="python3 -m voicekit doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--profile", default="advertised", help="the stand-in's latency profile")
    options = parser.parse_args(argv)
    rows = []
    for row in _examine(options.profile):
        rows.append(row)
        if not options.json:
            print(row.line, flush=True)
    from voicekit.tools.doctor.report import Report

    report = Report(rows)
    if options.json:
        print(json.dumps({"doctor": options.profile, **report.json()}))
    else:
        print(report.count)
    return 0 if report else 1


def _examine(profile: str) -> Iterator[Row]:
    """The rows, as they come. The vendors' are asked of the stand-in: that costs nobody a credit.

    What a row needs is imported just before it, so that a missing package hides no row before it.
    """
    from voicekit.tools.doctor.machine import front_end, keys, models, packages, python

    yield python()
    yield packages()
    yield from keys()
    yield front_end()
    yield from models()

    from concurrent.futures import ThreadPoolExecutor

    from voicekit.tools.doctor.vendors import answers, speaks, standin, understands

    started, world = standin(profile)
    yield started
    if world is None:
        return
    with ThreadPoolExecutor() as pool:  # each waits for processes of its own to start
        answered, spoke = pool.submit(answers, world), pool.submit(speaks, world)
        yield answered.result()
        spoken, clip = spoke.result()
        yield spoken
        yield understands(world, clip)
