"""Notebook 7 runs the same widgets."""

from __future__ import annotations

import numpy as np
import pytest
from cells import LISTEN, SPEAK

from bench.browser_page import NotebookPage


def test_both_widgets_work_in_notebook_7(lab, profile) -> None:
    pytest.importorskip("notebook", reason="Notebook 7 is not installed: pip install notebook")
    path = lab.write("a lesson/seven.ipynb", "")
    page = NotebookPage(lab, path, profile.new_page(), "notebook").open()
    try:
        talk_and_listen(page)
    finally:  # run again, the test must not find this page at the same kernel
        page.page.close()
        lab.end_kernels()


def talk_and_listen(page: NotebookPage) -> None:
    page.run("import time\nfrom voicekit.widgets import Microphone, Speaker")
    assert "it is listening" in page.run(LISTEN)
    assert "it is there" in page.run(SPEAK.format(rate=16000))
    page.clear()
    code = "before = len(heard); speaker.play(bytes([1, 16]) * 16000)\ntime.sleep(1.5)"
    assert int(page.run(f"{code}\nspeaker.wait(15); print(len(heard) - before)")) > 35
    assert np.array_equal(page.heard().sound, np.full(16000, 0x1001))
    page.run("mic.stop()")
    page.settle("tap.live() === 0")
