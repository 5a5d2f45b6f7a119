"""What a process holds of memory, for the benchmarks that watch it grow."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import re
from pathlib import Path


def give_back() -> None:
    """Let go of what this process no longer needs, so that the rest can be counted."""
    gc.collect()
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library than GNU's
        ctypes.CDLL(None).malloc_trim(0)


def held(process: int | str = "self") -> float:
    """A process's memory in MB, less what is mapped from files.

    Raises:
        FileNotFoundError: it has ended, or this system has no /proc.
    """
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / 1e6 if found else 0.0
