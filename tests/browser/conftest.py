"""One JupyterLab for all browser tests, and one Chromium with one page for each module.

A page takes seconds to load, so tests share it: each finds one empty cell, closed widgets and taps
that heard nothing. Playwright leaves an event loop running in the main thread while its browser is
open, and other tests call asyncio.run there: hence a browser ends with its module.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import soxr
from playwright.sync_api import Browser, BrowserContext

from bench.browser_page import NotebookPage, chromium, visitor
from bench.browser_server import JupyterServer, jupyter
from voicekit.audio import Clip
from voicekit.standin.engines.tts import WorkerSynthesiser

SENTENCES = (
    "Your parcel left the warehouse this morning, and it should be with you by Friday. "
    "If nobody is at home, the driver leaves it with a neighbour."
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all as extended; run a test again when its tap was late, since it then heard nothing."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.extended)
            item.add_marker(pytest.mark.flaky(reruns=3, only_rerun=[r"The tap missed"]))


@pytest.fixture(scope="session")
def lab() -> Iterator[JupyterServer]:
    with jupyter("lab") as server:
        yield server


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of silence and eight of the offline voice, 16 kHz mono."""
    synthesiser = WorkerSynthesiser()
    try:
        said = asyncio.run(synthesiser.say(SENTENCES, "baritone"))
    finally:
        synthesiser.close()
    samples = soxr.resample(Clip(said.pcm, said.rate).samples, said.rate, 16000)
    # What a microphone says in its first moments is lost, while the page gets ready for it.
    silence = bytes(2 * 8000)
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    return Clip(silence + samples.tobytes(), 16000, SENTENCES).save(path)


@pytest.fixture(scope="module")
def browser(speech: Path) -> Iterator[Browser]:
    with chromium(speech) as browser:
        yield browser


@pytest.fixture(scope="module")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody who lets every page have the microphone."""
    with visitor(browser) as profile:
        yield profile


@pytest.fixture(scope="module")
def shared_page(
    lab: JupyterServer, profile: BrowserContext, request: pytest.FixtureRequest
) -> Iterator[NotebookPage]:
    # A folder below the root, with what a path may hold.
    path = lab.write(f"a lesson/{Path(request.node.name).stem}.ipynb", "")
    yield NotebookPage(lab, path, profile.new_page()).open()
    lab.end_kernels()


@pytest.fixture
def page(shared_page: NotebookPage) -> NotebookPage:
    shared_page.empty()
    shared_page.run(
        "import asyncio, json, threading, time\n"
        "import ipywidgets\n"
        "from voicekit.audio import Clip\n"
        "from voicekit.widgets import Microphone, Speaker\n"
        "ipywidgets.Widget.close_all()"
    )
    shared_page.empty()
    assert shared_page.live_tracks == 0
    shared_page.clear()
    return shared_page
