from __future__ import annotations

import json
from pathlib import Path

import pytest

from voicekit.commands import lab


def test_the_first_notebook_is_the_first_by_name(tmp_path: Path) -> None:
    assert lab.first_page(tmp_path) == "notebooks"
    (tmp_path / "notebooks").mkdir()
    for name in ("03-later.ipynb", "00-first one.ipynb", "00-a.txt"):
        (tmp_path / "notebooks" / name).touch()
    assert lab.first_page(tmp_path) == "notebooks/00-first one.ipynb"
    assert "--LabApp.default_url=/lab/tree/notebooks/00-first%20one.ipynb" in lab.lab_options(
        tmp_path
    )


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_only_root_is_allowed_root(
    user: int, allowed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user, raising=False)
    assert ("--allow-root" in lab.lab_options(tmp_path)) is allowed


def test_the_settings_turn_off_questions_that_jupyterlab_still_knows(root: Path) -> None:
    jupyterlab = pytest.importorskip("jupyterlab.commands")
    schemas = Path(jupyterlab.get_app_dir()) / "schemas"
    overrides = json.loads((root / "voicekit/commands/settings/overrides.json").read_text())
    for plugin, settings in overrides.items():
        package, _, name = plugin.partition(":")
        schema = json.loads((schemas / package / f"{name}.json").read_text("utf-8"))
        for key, value in settings.items():
            known = schema["properties"][key]
            choices = [choice["const"] for choice in known.get("oneOf", [])] or [True, False]
            assert value in choices
