"""What goes wrong around a widget: nothing goes on recording, nothing doubles, Python is told."""

from __future__ import annotations

import re

import numpy as np
from cells import LISTEN, SPEAK
from playwright.sync_api import expect

from bench.browser_page import NotebookPage

TOLD = """
    deadline = time.monotonic() + 15
    while mic.state == "listening" and time.monotonic() < deadline:
        time.sleep(0.05)
    count = len(heard)
    time.sleep(1)
    print(mic.state, len(heard) - count, mic.error)
"""


def assert_told(answer: str) -> None:
    state, more, error = answer.strip().split(maxsplit=2)
    assert state in {"stopped", "ready"}  # ready: a page is there again, and off
    assert more == "0"
    assert "page" in error


def test_a_cell_run_ten_times_leaves_one_microphone(page) -> None:
    number = page.start(LISTEN)
    assert "it is listening" in page.end(number)
    for _ in range(9):
        page.repeat(number)
        assert "it is listening" in page.end(number)
    page.settle("tap.live() === 1")
    numbers = page.run("time.sleep(1)\nprint([frame.seq for frame in heard])")
    found = [int(text) for text in re.findall(r"\d+", numbers)]
    assert found == list(range(len(found)))
    assert page.page.evaluate("tap.contexts.filter(it => it.state !== 'closed').length") == 1
    page.run("mic.close()")
    page.settle("tap.live() === 0")


def test_a_cell_run_ten_times_leaves_one_speaker(page) -> None:
    code = SPEAK.format(rate=16000) + "    speaker.play(bytes([1, 16]) * 1600); speaker.wait(10)"
    number = page.start(code)
    page.end(number)
    for _ in range(9):
        page.repeat(number)
        page.end(number)
    page.clear()
    page.run("speaker.play(bytes([1, 16]) * 1600); speaker.wait(10)")
    assert np.array_equal(page.heard().sound, np.full(1600, 0x1001))
    page.settle("tap.contexts.filter(it => it.state !== 'closed').length === 1")


def test_a_reload_stops_the_microphone_and_it_stays_off(page) -> None:
    assert "it is listening" in page.run(LISTEN)
    page.save()
    page.page.reload()
    page.ready()
    assert_told(page.run(TOLD))
    expect(page.page.get_by_role("button", name="Start microphone")).to_be_visible()
    page.page.wait_for_timeout(1500)
    assert page.page.evaluate("tap.tracks.length") == 0
    # A click, and it works again: same widget, same kernel, same callback.
    page.page.get_by_role("button", name="Start microphone").click()
    page.settle("tap.live() === 1")
    assert page.run("time.sleep(0.5); print(mic.state, len(heard) > count)").split() == [
        "listening",
        "True",
    ]


def test_a_kernels_restart_stops_the_microphone(page) -> None:
    assert "it is listening" in page.run(LISTEN)
    page.cell(0).locator(".cm-content").click()
    page.page.keyboard.press("Escape")
    page.page.keyboard.press("0")
    page.page.keyboard.press("0")
    page.page.get_by_role("button", name="Confirm Kernel Restart").click()
    page.settle("tap.live() === 0")
    page.ready()
    page.run("import time\nfrom voicekit.widgets import Microphone, Speaker")
    assert "it is listening" in page.run(LISTEN)


def test_of_two_tabs_one_has_the_microphone_and_a_closed_tab_is_told(page, profile) -> None:
    page.run(LISTEN)
    page.save()
    other = NotebookPage(page.server, page.path, profile.new_page()).open()

    take(other)
    assert page.live_tracks == 0
    expect(page.page.get_by_role("status").first).to_contain_text("Another page")
    take(page)
    assert other.live_tracks == 0
    take(other)
    numbers = page.run(
        "from_here = len(heard); deadline = time.monotonic() + 10\n"
        "while len(heard) < from_here + 20 and time.monotonic() < deadline: time.sleep(0.05)\n"
        "print([frame.seq for frame in heard[from_here:]])"
    )
    found = [int(text) for text in re.findall(r"\d+", numbers)]
    assert found == list(range(found[0], found[0] + len(found)))
    assert len(found) >= 20
    assert (page.live_tracks, other.live_tracks) == (0, 1)

    other.page.close()
    assert_told(page.run(TOLD))


def take(tab: NotebookPage) -> None:
    """Press the buttons that give the microphone to this tab and start it there."""
    tab.page.bring_to_front()
    tab.page.get_by_role("button", name="Use it here").click()
    tab.page.get_by_role("button", name="Start microphone").click()
    tab.settle("tap.live() === 1")
