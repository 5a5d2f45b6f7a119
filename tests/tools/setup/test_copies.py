"""A learner's copies: made, followed, and never overwritten once they were changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from voicekit.tools.setup import copies


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "notebooks/data").mkdir(parents=True)
    for name in ("00-one.ipynb", "01-two.ipynb", "data/shop.csv"):
        (tmp_path / "notebooks" / name).write_text(f"{name}, first edition")
    return tmp_path


def mine(clone: Path, name: str) -> Path:
    return clone / "my-notebooks" / name


def test_lessons_and_what_lies_beside_them_are_copied_once(clone: Path) -> None:
    (said,) = copies.refresh(clone)
    assert "00-one.ipynb, 01-two.ipynb, data/shop.csv" in said
    assert "delete or rename" in said
    assert mine(clone, "data/shop.csv").read_text() == "data/shop.csv, first edition"
    assert copies.refresh(clone) == []


def test_an_untouched_copy_follows_its_lesson_and_new_ones_come(clone: Path) -> None:
    copies.refresh(clone)
    (clone / "notebooks/00-one.ipynb").write_text("second edition")
    (clone / "notebooks/02-three.ipynb").write_text("new")
    (said,) = copies.refresh(clone)
    assert "00-one.ipynb, 02-three.ipynb" in said
    assert mine(clone, "00-one.ipynb").read_text() == "second edition"


def test_a_changed_copy_is_never_overwritten_and_that_is_said_once(clone: Path) -> None:
    copies.refresh(clone)
    mine(clone, "00-one.ipynb").write_text("my work")
    assert copies.refresh(clone) == []
    for edition in ("second", "third"):
        (clone / "notebooks/00-one.ipynb").write_text(f"{edition} edition")
        (said,) = copies.refresh(clone)
        assert "stays as it is: 00-one.ipynb" in said
        assert copies.refresh(clone) == []
        assert mine(clone, "00-one.ipynb").read_text() == "my work"


def test_a_fresh_copy_comes_when_ones_own_is_renamed(clone: Path) -> None:
    copies.refresh(clone)
    mine(clone, "00-one.ipynb").write_text("my work")
    mine(clone, "00-one.ipynb").rename(mine(clone, "00-mine.ipynb"))
    copies.refresh(clone)
    assert mine(clone, "00-one.ipynb").read_text() == "00-one.ipynb, first edition"
    assert mine(clone, "00-mine.ipynb").read_text() == "my work"


@pytest.mark.parametrize("record", [None, "", "[]", "{", '{"00-one.ipynb": 3}'])
def test_without_its_record_nothing_of_ones_own_is_lost(clone: Path, record: str | None) -> None:
    copies.refresh(clone)
    mine(clone, "00-one.ipynb").write_text("my work")
    note = mine(clone, ".made-from.json")
    note.unlink() if record is None else note.write_text(record)
    (clone / "notebooks/01-two.ipynb").write_text("second edition")
    copies.refresh(clone)
    copies.refresh(clone)
    assert mine(clone, "00-one.ipynb").read_text() == "my work"


def test_what_jupyter_and_python_leave_is_no_lesson(clone: Path) -> None:
    for name in (".ipynb_checkpoints/00-one-checkpoint.ipynb", "__pycache__/shop.pyc"):
        (clone / "notebooks" / name).parent.mkdir()
        (clone / "notebooks" / name).touch()
    copies.refresh(clone)
    assert not mine(clone, ".ipynb_checkpoints").exists()
    assert not mine(clone, "__pycache__").exists()


def test_git_sees_nothing_of_it_and_links_out_of_a_copy_are_as_deep(root: Path) -> None:
    path = f"{copies.FOLDER}/00-preflight.ipynb"
    done = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=root)
    assert done.returncode == 0
    assert "/" not in copies.FOLDER
