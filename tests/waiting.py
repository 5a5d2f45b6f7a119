"""Waiting for what must come.

No test judges how long something takes: another program may run beside it. `HANG` only ends a test
that would never end; nothing that works comes near it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

HANG = 120.0  # seconds


def until(condition: Callable[[], Any], what: str = "it") -> Any:
    """Look until the condition holds; return what it gave."""
    end = time.monotonic() + HANG
    while not (held := condition()):
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.01)
    return held


async def until_async(condition: Callable[[], Any], what: str = "it") -> Any:
    """The same beside a running loop."""
    end = time.monotonic() + HANG
    while not (held := condition()):
        assert time.monotonic() < end, f"{what} did not happen"
        await asyncio.sleep(0.01)
    return held
