from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from voicekit.tools.commands import lab


def test_the_first_notebook_is_the_first_by_name(tmp_path: Path) -> None:
    assert lab.first_page(tmp_path) == "my-notebooks"
    (tmp_path / "my-notebooks").mkdir()
    for name in ("03-later.ipynb", "00-first one.ipynb", "00-a.txt"):
        (tmp_path / "my-notebooks" / name).touch()
    assert lab.first_page(tmp_path) == "my-notebooks/00-first one.ipynb"
    assert "--LabApp.default_url=/lab/tree/my-notebooks/00-first%20one.ipynb" in lab.lab_options(
        tmp_path
    )


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command that the lab of a clone with one lesson becomes."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks/00-one.ipynb").write_text("{}")
    command: list[str] = []
    monkeypatch.setattr(lab, "needed_checkout", lambda _: tmp_path)
    monkeypatch.setattr(lab, "become", lambda words: command.extend(words) or 0)
    return command


def test_it_opens_a_copy_of_the_first_lesson(opened: list[str], tmp_path: Path) -> None:
    assert lab.main(["--no-browser"]) == 0
    assert "--LabApp.default_url=/lab/tree/my-notebooks/00-one.ipynb" in opened
    assert opened[-1] == "--no-browser"
    assert (tmp_path / "my-notebooks/00-one.ipynb").read_text() == "{}"


def test_where_nothing_can_be_copied_the_lessons_themselves_open(
    opened: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my-notebooks").write_text("in the way")
    assert lab.main([]) == 0
    assert "--LabApp.default_url=/lab/tree/notebooks/00-one.ipynb" in opened
    assert "cannot be copied" in capsys.readouterr().err


@pytest.mark.usefixtures("opened")
def test_a_home_that_cannot_be_written_to_is_replaced_for_jupyter(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    for variable in places:
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert lab.main([]) == 0
    assert "cannot be written to" in capsys.readouterr().err
    for variable in places:
        assert Path(os.environ[variable]).parent.is_dir()


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_only_root_is_allowed_root(
    user: int, allowed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user, raising=False)
    assert ("--allow-root" in lab.lab_options(tmp_path)) is allowed


def test_the_settings_turn_off_questions_that_jupyterlab_still_knows(root: Path) -> None:
    jupyterlab = pytest.importorskip("jupyterlab.commands")
    schemas = Path(jupyterlab.get_app_dir()) / "schemas"
    overrides = json.loads((root / "voicekit/tools/commands/settings/overrides.json").read_text())
    for plugin, settings in overrides.items():
        package, _, name = plugin.partition(":")
        schema = json.loads((schemas / package / f"{name}.json").read_text("utf-8"))
        for key, value in settings.items():
            known = schema["properties"][key]
            choices = [choice["const"] for choice in known.get("oneOf", [])] or [True, False]
            assert value in choices
