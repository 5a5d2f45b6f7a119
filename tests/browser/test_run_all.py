"""Each lesson as a stranger runs it: *Run All Cells* in a real page, and nobody answers anything.

No key, no PyAudio, no tunnel; a microphone that is allowed, denied, or not there, and in front of
which nobody speaks.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from notebook_world import KEYS

from bench.browser_page import NotebookPage, chromium, visitor
from bench.browser_server import JupyterServer, jupyter

pytestmark = pytest.mark.extended

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
WITH_A_MICROPHONE = ("00", "01")
NO_DEVICE = ("--disable-audio-input",)
LEFT = """[
    *(it.agent_id for it in eleven.conversational_ai.agents.list().agents),
    *(it.id for it in eleven.conversational_ai.tools.list().tools),
    *(it.secret_id for it in eleven.conversational_ai.secrets.list().secrets),
]"""
OWN = "['agent_standin']"  # the stand-in's, there from the start
CASES = [
    pytest.param(path, microphone, id=f"{path.stem}-{microphone}")
    for path in LESSONS
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


@pytest.mark.parametrize(("path", "microphone"), CASES)
def test_run_all_reaches_the_last_cell(
    path: Path, microphone: str, stranger: JupyterServer
) -> None:
    shutil.copy(path, stranger.folder)
    options = NO_DEVICE if microphone == "missing" else ()
    with (
        chromium(options=options) as browser,
        visitor(browser, microphone=microphone != "denied") as profile,
    ):
        page = NotebookPage(stranger, path.name, profile.new_page()).open()
        try:
            cells = page.run_all()
            assert errors(cells) == []
            counts = [cell["execution_count"] for cell in cells]
            assert counts == list(range(1, len(cells) + 1))
            assert any(text(cell).splitlines()[-1:] == ["passed"] for cell in cells)
            page.settle("tap.live() === 0")
            if any("agents.create" in cell["source"] for cell in cells):
                assert stranger.value(path.name, LEFT) == OWN
        finally:
            stranger.end_kernels()


def errors(cells: list[dict]) -> list[str]:
    return [
        f"{cell['id']}: {output.get('evalue') or output['text']}"
        for cell in cells
        for output in cell["outputs"]
        if output["output_type"] == "error" or output.get("name") == "stderr"
    ]


def text(cell: dict) -> str:
    return "".join(output.get("text", "") for output in cell["outputs"]).strip()
