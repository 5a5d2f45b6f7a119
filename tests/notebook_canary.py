"""A pytest plugin: a cell of a notebook that shows the canary, to anybody and anyhow, fails.

Every message of the kernel is looked at: outputs, tracebacks, widgets' states, replies. nbval
reads them through one method, which is wrapped; a leak is noted there and reported when the cell
has ended, since an exception in the middle would leave messages behind for the next cell.
"""

from __future__ import annotations

import queue
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell
from notebook_world import CANARY

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def shows(message: dict[str, Any]) -> bool:
    """Whether a kernel's message holds the canary, in its text or in its binary buffers."""
    text = _COLOUR.sub("", repr((message["content"], message["metadata"])).replace("\\x1b", "\x1b"))
    return CANARY in text or any(
        CANARY.encode() in bytes(part) for part in message.get("buffers", ())
    )


def _watched(read: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def get_message(self: RunningKernel, stream: str, timeout: float | None = None) -> Any:
        message = read(self, stream, timeout)
        if shows(message):
            self.leaks = [*getattr(self, "leaks", []), message["msg_type"]]
        return message

    return get_message


def pytest_configure(config: pytest.Config) -> None:
    """Watch what nbval reads, until this session ends."""
    patch = pytest.MonkeyPatch()
    patch.setattr(RunningKernel, "get_message", _watched(RunningKernel.get_message))
    config.add_cleanup(patch.undo)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a cell that showed a key, even if it failed anyway."""
    try:
        return (yield)
    finally:
        kernel = getattr(item.parent, "kernel", None)
        if isinstance(item, IPyNbCell) and kernel is not None:
            _refuse_leaks(item, kernel)


def _refuse_leaks(item: IPyNbCell, kernel: RunningKernel) -> None:
    try:
        while kernel.is_alive():  # what came after the cell's end, such as a widget's state
            kernel.get_message("iopub", timeout=0)
    except queue.Empty:
        pass
    leaks, kernel.leaks = getattr(kernel, "leaks", []), []
    if leaks:
        item.raise_cell_error(f"An API key was shown, in: {', '.join(leaks)}")
