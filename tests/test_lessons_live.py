"""Lessons with keys set: a cell says what it costs before it spends, and nothing is left behind.

The stand-in takes the place of both vendors by their URL variables, so that the kit believes that
it is live. Its journal knows which cell has spent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from notebook_world import FIXED

from voicekit.standin import Standin

pytestmark = pytest.mark.extended

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
MAKING = [path for path in NOTEBOOKS if "agents.create" in path.read_text("utf-8")]
SPENDING = re.compile(r"/text-to-speech/|/chat/completions$|/convai/conversation$")
OWN = ["agent_standin"]  # the stand-in's own agent, there from the start


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    standin = Standin("instant")
    for name, value in FIXED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("VOICEKIT_OFFLINE")
    monkeypatch.setenv("SSL_CERT_FILE", str(standin.ca_bundle))
    for name in ("elevenlabs", "openai"):
        monkeypatch.setenv(f"{name.upper()}_API_KEY", getattr(standin, f"{name}_key"))
        monkeypatch.setenv(f"{name.upper()}_BASE_URL", getattr(standin, f"{name}_url"))
    yield standin
    standin.stop()


def code_of(path: Path) -> list[nbformat.NotebookNode]:
    cells = nbformat.read(path, as_version=4).cells
    return [
        nbformat.v4.new_code_cell(cell.source, id=cell.id)
        for cell in cells
        if cell.cell_type == "code" and "person" not in cell.metadata.get("tags", [])
    ]


def ran(cells: list[nbformat.NotebookNode], vendors: Standin) -> dict[str, tuple[str, list[str]]]:
    """For each cell what it printed, and the paths at which it spent."""
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        timeout=180,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOKS[0].parent)}},
        allow_errors=True,
        store_widget_state=False,
    )
    found = {}
    with client.setup_kernel():
        for index, cell in enumerate(cells):
            vendors.state.journal.clear()
            client.execute_cell(cell, index)
            paths = [it["path"] for it in tuple(vendors.state.journal.entries) if spends(it)]
            printed = "".join(output.get("text", "") for output in cell.outputs)
            raised = [output.evalue for output in cell.outputs if output.output_type == "error"]
            assert not raised or cell.id == "mistake", (cell.id, raised)
            found[cell.id] = printed, paths
    return found


def spends(entry: dict[str, Any]) -> bool:
    """A voice's socket that was only opened, to have it ready, costs nothing yet."""
    if entry["method"] == "WEBSOCKET" and "/text-to-speech/" in entry["path"]:
        messages = [it for it in entry["received"] if isinstance(it, dict)]
        return any(str(it.get("text", "")).strip() for it in messages)
    return bool(SPENDING.search(entry["path"]))


def left(vendors: Standin) -> list[str]:
    state = vendors.state
    made = [agent.agent_id for agent in state.agents.all()]
    return [
        *made,
        *(tool.id for tool in state.tools.all()),
        *(it.secret_id for it in state.vault.all()),
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_live_cell_says_what_it_costs_before_it_spends(path: Path, vendors: Standin) -> None:
    cells = ran(code_of(path), vendors)
    silent = [
        name
        for name, (printed, spent) in cells.items()
        if spent and "Live, this costs about: " not in printed
    ]
    assert silent == []
    assert any(spent for _, spent in cells.values())
    assert left(vendors) == OWN


@pytest.mark.parametrize("path", MAKING, ids=lambda path: path.stem)
def test_the_last_cell_deletes_what_was_made_before_a_mistake(path: Path, vendors: Standin) -> None:
    cells = code_of(path)
    until = next(i for i, cell in enumerate(cells) if "agents.create" in cell.source)
    mistake = nbformat.v4.new_code_cell("1 / 0", id="mistake")
    found = ran([*cells[: until + 1], mistake, cells[-1]], vendors)
    assert "deleted: everything that this lesson made" in found[cells[-1].id][0]
    assert left(vendors) == OWN
