"""Run the tests and the notebooks; `--all` also those that need a browser, Node or long.

Other arguments go to pytest.
"""

from __future__ import annotations

import os
import sys

from voicekit.tools.setup.bootstrap import become, needed_checkout

AT_A_TIME = {False: "4", True: "3"}
"""Tests at once, of the usual ones and of all: most wait for sound, the extended ones calculate."""


def main(argv: list[str]) -> int:
    """Run pytest at the root of the clone, in place of this process."""
    os.chdir(needed_checkout("test"))
    named = any(not argument.startswith("-") for argument in argv)
    # What must stay together is in `tests/conftest.py`.
    together = ["-n", AT_A_TIME["--all" in argv], "--no-loadscope-reorder"]
    return become([sys.executable, "-m", "pytest", *([] if named else together), *argv])
