"""Run the tests and the notebooks; `--all` also those that need a browser, Node or long.

Other arguments go to pytest.
"""

from __future__ import annotations

import os
import sys

from voicekit.setup.bootstrap import become, needed_checkout

TWO_AT_A_TIME = ["-n", "2", "--no-loadscope-reorder"]
"""Many tests wait for sound; what must stay together is in `tests/conftest.py`."""


def main(argv: list[str]) -> int:
    """Run pytest at the root of the clone, in place of this process."""
    os.chdir(needed_checkout("test"))
    chosen = [] if set(argv) - {"--all"} else TWO_AT_A_TIME
    return become([sys.executable, "-m", "pytest", *chosen, *argv])
