"""What ipykernel does with a page's messages, mended for those that come fifty times a second."""

from __future__ import annotations

from typing import Any

import comm as comms
import ipywidgets  # type: ignore[import-untyped]


def prepare_comm(widget: ipywidgets.Widget) -> None:
    """Let the page's messages reach `widget` while a cell runs, and without side effects.

    Four private places, each left alone where it is not there:

    - ipykernel 7.4 sends a page's message to the thread that last *sent* on the same comm, which
      is the busy main thread for everything that a cell sends; without the attribute it falls
      back to the thread that the page asked for, as 7.3 did.
    - `BaseComm.handle_msg` fires IPython's cell events for each message: at 50 frames a second,
      matplotlib's hook among them closes the figures that a running cell draws.
    - The kernel calls itself busy and idle around each message, and JupyterLab fetches another
      favicon and draws its indicators anew each time. A message that is `silent` gets neither.
    - What a thread prints goes to the cell, or else to the message, that came last. A page's
      message has no output, so the lines would be lost.
    """
    comm = widget.comm
    comm._voicekit_prepared = True
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = None
    if hasattr(comm, "handle_msg"):
        comm.handle_msg = widget._handle_msg
    kernel = getattr(comm, "kernel", None)
    if hasattr(kernel, "_publish_status"):
        _say_no_status_of_silent_messages(kernel)
    shell = getattr(kernel, "shell", None)
    if hasattr(shell, "set_parent"):
        _leave_output_with_cells(shell)


def _say_no_status_of_silent_messages(kernel: Any) -> None:
    publish = kernel._publish_status
    if publish.__name__ == "publish_unless_silent":
        return

    def publish_unless_silent(status: str, channel: str, parent: Any = None) -> None:
        message = parent or kernel.get_parent(channel) or {}
        data = message.get("content", {}).get("data", {})
        content = data.get("content", {}) if isinstance(data, dict) else {}
        if not (isinstance(content, dict) and content.get("silent")):
            publish(status, channel, parent)

    kernel._publish_status = publish_unless_silent


def _leave_output_with_cells(shell: Any) -> None:
    set_parent = shell.set_parent
    if set_parent.__name__ == "set_parent_unless_a_page":
        return

    def set_parent_unless_a_page(parent: dict[str, Any]) -> None:
        comm = comms.get_comm_manager().comms.get(parent.get("content", {}).get("comm_id"))
        if not hasattr(comm, "_voicekit_prepared"):
            set_parent(parent)

    shell.set_parent = set_parent_unless_a_page
