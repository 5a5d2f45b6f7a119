"""Each lesson as a stranger runs it: *Run All Cells* in a real page, and nobody answers anything.

No key, no PyAudio, no tunnel; a microphone that is allowed, denied, or not there, and in front of
which nobody speaks.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from notebook_world import KEYS
from playwright.sync_api import BrowserContext, sync_playwright

from bench.browser_page import NotebookPage, chromium, visitor
from bench.browser_server import JupyterServer, jupyter
from voicekit.errors import ServingError

pytestmark = pytest.mark.extended

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
WITH_A_MICROPHONE = ("00", "01")
SPOKEN = ("01", "02")  # they take longest, so they begin first
NO_DEVICE = ("--disable-audio-input",)
LEFT = """[
    *(it.agent_id for it in eleven.conversational_ai.agents.list().agents),
    *(it.id for it in eleven.conversational_ai.tools.list().tools),
    *(it.secret_id for it in eleven.conversational_ai.secrets.list().secrets),
]"""
OWN = "['agent_standin']"  # the stand-in's, there from the start
AT_ONCE = 3
"""Lessons that run at the same time: most of each is waiting, for sound or for the page."""
CASES = [
    pytest.param(path, microphone, id=f"{path.stem}-{microphone}")
    for path in sorted(LESSONS, key=lambda path: path.stem[:2] not in SPOKEN)
    for microphone in ("allowed", "denied", "missing")
    if microphone == "allowed" or path.stem[:2] in WITH_A_MICROPHONE
]


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """A JupyterLab whose owner has set nothing, and whose Python has no PyAudio."""
    nothing = tmp_path_factory.mktemp("nothing")
    (nothing / "pyaudio.py").write_text("raise ModuleNotFoundError('no PyAudio')\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in (*KEYS, "VOICEKIT_OFFLINE"):
            patch.delenv(name, raising=False)
        patch.setenv("PYTHONPATH", str(nothing), prepend=":")
        with jupyter("lab") as server:
            yield server


class Visits:
    """Opens the lessons' pages in the tests' order and starts them, a few ahead of the test."""

    def __init__(
        self,
        server: JupyterServer,
        visitors: dict[str, BrowserContext],
        cases: list[tuple[Path, str]],
    ) -> None:
        self._server = server
        self._visitors = visitors
        self._cases = cases
        self._running: dict[tuple[Path, str], NotebookPage] = {}

    def visit(self, path: Path, microphone: str) -> NotebookPage:
        at = self._cases.index((path, microphone))
        for case in self._cases[at : at + AT_ONCE]:
            if case not in self._running:
                with suppress(ServingError):  # its own test tries again
                    self._running[case] = self._start(*case)
        return self._running.pop((path, microphone), None) or self._start(path, microphone)

    def _start(self, path: Path, microphone: str) -> NotebookPage:
        folder = self._server.folder / microphone
        if not folder.exists():  # with the shop of lesson 02
            shutil.copytree(path.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
        tab = self._visitors[microphone].new_page()
        return NotebookPage(self._server, f"{microphone}/{path.name}", tab).open().start_all()


@pytest.fixture(scope="module")
def visits(stranger: JupyterServer, request: pytest.FixtureRequest) -> Iterator[Visits]:
    cases = [
        (item.callspec.params["path"], item.callspec.params["microphone"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module
    ]
    with (
        sync_playwright() as playwright,
        chromium(playwright=playwright) as browser,
        chromium(options=NO_DEVICE, playwright=playwright) as bare,
        visitor(browser) as allowed,
        visitor(browser, microphone=False) as denied,
        visitor(bare) as missing,
    ):
        visitors = {"allowed": allowed, "denied": denied, "missing": missing}
        yield Visits(stranger, visitors, cases)


@pytest.mark.parametrize(("path", "microphone"), CASES)
def test_run_all_reaches_the_last_cell(
    path: Path, microphone: str, visits: Visits, stranger: JupyterServer
) -> None:
    page = visits.visit(path, microphone)
    try:
        cells = page.end_all()
        assert errors(cells) == []
        counts = [cell["execution_count"] for cell in cells]
        assert counts == list(range(1, len(cells) + 1))
        assert any(text(cell).splitlines()[-1:] == ["passed"] for cell in cells)
        page.settle("tap.live() === 0")
        if any("agents.create" in cell["source"] for cell in cells):
            assert stranger.value(page.path, LEFT) == OWN
    finally:
        page.page.close()
        stranger.end_kernels(page.path)


def errors(cells: list[dict]) -> list[str]:
    return [
        f"{cell['id']}: {output.get('evalue') or output['text']}"
        for cell in cells
        for output in cell["outputs"]
        if output["output_type"] == "error" or output.get("name") == "stderr"
    ]


def text(cell: dict) -> str:
    return "".join(output.get("text", "") for output in cell["outputs"]).strip()
