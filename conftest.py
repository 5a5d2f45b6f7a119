"""For notebooks and tests alike. Kernels inherit the environment that is set here."""

from __future__ import annotations

import os

from notebook_world import FIXED


def pytest_configure() -> None:
    """What a notebook shows does not depend on who runs it."""
    os.environ.update(FIXED)
