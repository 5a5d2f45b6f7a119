"""What every committed notebook must be, run or not."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
LARGEST = 150_000  # bytes
LONGEST_CELL = 20  # lines
LONGEST_LINE = 72  # characters: what a page of 1024 px shows beside its file browser
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)")
KEY_SHAPES = re.compile(r"\b(sk-[A-Za-z0-9_-]{16,}|sk_[0-9a-f]{32,}|xi-[0-9a-f]{32})\b")
PRIVATE = re.compile(r"(/home/|/root/|/Users/|/tmp/|C:\\\\Users)")
CLIP = re.compile(r"data:audio/wav;base64,([A-Za-z0-9+/=]+)")


def lesson(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_there_are_lessons():
    assert NOTEBOOKS


def test_it_is_valid_and_small(path):
    nbformat.validate(lesson(path))
    assert path.stat().st_size < LARGEST


def test_every_code_cell_was_run_in_order(path):
    cells = [cell for cell in lesson(path).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def test_it_has_one_title_and_readable_cell_ids(path):
    cells = lesson(path).cells
    titles = [line for c in cells if c.cell_type == "markdown" for line in c.source.splitlines()]
    assert sum(line.startswith("# ") for line in titles) == 1
    assert cells[0].source.startswith("# ")
    assert all(re.fullmatch(r"[a-z][a-z0-9-]+", cell.id) for cell in cells)


def test_cells_are_few_and_short(path):
    assert 25 <= len(lesson(path).cells) <= 45
    lengths = sorted(
        len(c.source.splitlines()) for c in lesson(path).cells if c.cell_type == "code"
    )
    assert lengths[-1] <= LONGEST_CELL
    assert lengths[len(lengths) // 2] <= 10


def test_code_is_not_cut_off_in_a_page_of_1024_pixels(path):
    for cell in lesson(path).cells:
        shown = [cell.source] if cell.cell_type == "code" else FENCED.findall(cell.source)
        lines = [line for code in shown for line in code.splitlines()]
        assert [line for line in lines if len(line) > LONGEST_LINE] == []


def test_its_links_lead_somewhere(path):
    for cell in lesson(path).cells:
        for link in LINK.findall(cell.source) if cell.cell_type == "markdown" else ():
            assert link.startswith("https://") or (path.parent / link).is_file(), link


def test_it_holds_no_key_no_path_and_no_widget_state(path):
    text = path.read_text("utf-8")
    assert not KEY_SHAPES.search(text)
    assert not PRIVATE.search(text)
    assert "widgets" not in json.loads(text)["metadata"]


def test_stored_clips_are_short(path):
    for encoded in CLIP.findall(path.read_text("utf-8")):
        assert len(encoded) * 3 / 4 <= 44 + 2 * 2 * 24_000  # two seconds


def test_no_output_is_suppressed_updated_or_a_warning(path):
    for cell in lesson(path).cells:
        if cell.cell_type != "code":
            continue
        assert not cell.source.rstrip().endswith(";")
        assert "Output(" not in cell.source
        assert all(output.get("name") != "stderr" for output in cell.outputs)
        assert not any("transient" in output for output in cell.outputs)


def test_no_cell_is_expected_to_fail(path):
    for cell in lesson(path).cells:
        assert "raises-exception" not in cell.metadata.get("tags", [])
        assert all(output.output_type != "error" for output in cell.get("outputs", ()))


def test_only_a_cell_at_which_a_person_speaks_is_skipped_and_it_is_explained(path):
    cells = lesson(path).cells
    for before, cell in itertools.pairwise(cells):
        tags = cell.metadata.get("tags", [])
        assert set(tags) in (set(), {"person", "nbval-skip"})
        if tags:
            assert before.cell_type == "markdown"


def test_nothing_asks_a_question(path):
    code = "\n".join(cell.source for cell in lesson(path).cells if cell.cell_type == "code")
    assert not re.search(r"\b(input|getpass)\(|prompt=True", code)


def test_the_minutes_add_up(path):
    about = lesson(path).metadata["voicekit"]
    assert about["minutes"] == sum(part["minutes"] for part in about["parts"])
    assert 10 <= about["minutes"] <= 25
    assert about["objectives"]
