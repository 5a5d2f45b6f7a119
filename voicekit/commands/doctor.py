"""Is everything ready? Checks Python, packages, keys and the stand-in, and says what to do."""

from __future__ import annotations

import argparse
import json

from voicekit.checks.machine import front_end, keys, packages, python
from voicekit.checks.report import Report
from voicekit.checks.vendors import answers, speaks, understands
from voicekit.endpoints import connect


def main(argv: list[str]) -> int:
    """Check what a terminal can check. Returns 0 when nothing is wrong, else 1."""
    parser = argparse.ArgumentParser(prog="python3 -m voicekit doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--profile", default="advertised", help="the stand-in's latency profile")
    options = parser.parse_args(argv)
    report = _examine(options.profile)
    if options.json:
        print(json.dumps({"doctor": options.profile, **report.json()}, ensure_ascii=False))
    else:
        print(report)
    return 0 if report else 1


def _examine(profile: str) -> Report:
    """The rows. The vendors' are asked of the stand-in: a check costs nobody a credit."""
    world = connect(profile, offline=True)
    spoken, clip = speaks(world)
    return Report(
        python(),
        packages(),
        keys(),
        answers(world),
        spoken,
        understands(world, clip),
        front_end(),
    )
