"""Run the tests and the notebooks; arguments go to pytest."""

from __future__ import annotations

import os
import sys

from voicekit.setup.bootstrap import become, needed_checkout

EVERYTHING = ["-n", "2", "--no-loadscope-reorder"]
"""Two at a time, since many tests wait for sound; what goes together is in `tests/conftest.py`."""


def main(argv: list[str]) -> int:
    """Run pytest at the root of the clone, in place of this process."""
    os.chdir(needed_checkout("test"))
    return become([sys.executable, "-m", "pytest", *(argv or EVERYTHING)])
