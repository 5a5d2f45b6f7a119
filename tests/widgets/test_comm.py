"""The canary for the kernel's routing of messages: a page without a browser, in a real kernel.

JupyterLab sends a widget's messages to a subshell, a second thread of the kernel, so that they
arrive while a cell runs. When a new ipykernel breaks that, or `prepare_comm` no longer helps, this
fails before anybody's microphone is silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from waiting import HANG

SET_UP = """
import time
from voicekit.widgets import Microphone
events = []
get_ipython().events.register("pre_execute", lambda: events.append("pre"))
mic = Microphone()
got = []
mic.on_frame(lambda frame: got.append(frame))
result = mic.comm.comm_id
"""
BLOCK = """
mic.start()  # a cell that sends is what misled ipykernel 7.4
end = time.monotonic() + patience
while len(got) < 20 and time.monotonic() < end:
    time.sleep(0.01)
result = len(got), [frame.seq for frame in got], len(events), {len(f.pcm) for f in got}
"""


@pytest.fixture
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.context.destroy()  # pending sockets would warn later


def value(client: BlockingKernelClient, code: str):
    done = client.execute(code, user_expressions={"result": "result"}, reply=True, timeout=HANG)
    content = done["content"]
    assert content["status"] == "ok", content
    return eval(content["user_expressions"]["result"]["data"]["text/plain"])


def subshell(client: BlockingKernelClient) -> str:
    request = client.session.msg("create_subshell_request")
    client.control_channel.send(request)
    reply = client.get_control_msg(timeout=HANG)
    return reply["content"]["subshell_id"]


def say(client: BlockingKernelClient, comm: str, shell: str, buffers=(), **content) -> None:
    data = {"method": "custom", "content": {"cid": "page", **content}}
    message = client.session.msg("comm_msg", {"comm_id": comm, "data": data})
    message["header"]["subshell_id"] = shell
    client.session.send(client.shell_channel.socket, message, buffers=list(buffers))


def heard(client: BlockingKernelClient, comm: str, k: str) -> dict:
    """The next message `k` of the widget."""
    while True:
        message = client.get_iopub_msg(timeout=HANG)
        content = message["content"]
        told = content.get("data", {}).get("content", {}) if "data" in content else {}
        if content.get("comm_id") == comm and told.get("k") == k:
            return told


def frames_in_a_blocking_cell(
    client: BlockingKernelClient, before: str = "", patience: float = HANG
) -> tuple:
    comm = value(client, f"{SET_UP}{before}patience = {patience}\n")
    shell = subshell(client)
    say(client, comm, shell, k="hello", secure=True)
    assert heard(client, comm, "ack")["lease"]
    number = client.execute(BLOCK, user_expressions={"result": "result"})
    run = heard(client, comm, "start")["run"]
    for seq in range(20):
        say(client, comm, shell, [bytes(640)], k="pcm", run=run, seq=seq, t=0.0)
    while True:
        reply = client.get_shell_msg(timeout=HANG)
        if reply["parent_header"].get("msg_id") == number:
            return eval(reply["content"]["user_expressions"]["result"]["data"]["text/plain"])


def test_every_frame_arrives_while_a_cell_blocks_and_no_cell_event_fires(kernel) -> None:
    count, numbers, events, sizes = frames_in_a_blocking_cell(kernel)
    assert count == 20
    assert numbers == list(range(20))
    assert events == 1  # the cell's own; one fired by a message would close its figures
    assert sizes == {640}


def test_a_silent_message_gets_no_status_and_another_one_does(kernel) -> None:
    comm = value(kernel, SET_UP)
    shell = subshell(kernel)
    for more in ({}, {"silent": True}):
        say(kernel, comm, shell, k="ping", secure=True, **more)
        heard(kernel, comm, "ack")
        value(kernel, "result = 1")  # whatever comes, came before this cell's end
        # The first of the two, "busy", is read on the way to the answer.
        assert statuses_of_messages(kernel) == (0 if more else 1)


def statuses_of_messages(client: BlockingKernelClient) -> int:
    """How many statuses belong to a widget's message, of those that came."""
    found = 0
    while True:
        try:
            message = client.get_iopub_msg(timeout=0.5)
        except Empty:
            return found
        parent = message["parent_header"].get("msg_type")
        found += (message["msg_type"], parent) == ("status", "comm_msg")


def test_what_a_thread_prints_stays_with_its_cell(kernel) -> None:
    comm = value(kernel, SET_UP)
    shell = subshell(kernel)
    number = kernel.execute(PRINT_LATER)
    say(kernel, comm, shell, k="hello", secure=True)
    assert heard(kernel, comm, "ack")["lease"]
    while (message := kernel.get_iopub_msg(timeout=HANG))["msg_type"] != "stream":
        pass
    assert message["content"]["text"] == "still here\n"
    assert message["parent_header"]["msg_id"] == number


PRINT_LATER = """
import threading
greeted = lambda: (mic.ready(10), time.sleep(0.2), print("still here"))
thread = threading.Thread(target=greeted)
thread.start()
thread.join()
"""


def test_the_canary_would_notice(kernel) -> None:
    undone = "del mic.comm._reply_subshell_for\n"
    try:
        from ipykernel.comm.comm import BaseComm

        BaseComm._reply_subshell_for  # noqa: B018
    except AttributeError:
        pytest.skip("this ipykernel routes as the page asks, so there is nothing to undo")
    assert frames_in_a_blocking_cell(kernel, undone, patience=2.0)[0] == 0
