"""Which Python set-up takes: one that can hear, wherever it is on PATH."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from voicekit.tools.setup import needs, pythons

posix = pytest.mark.skipif(os.name == "nt", reason="the interpreters here are scripts")


def on_path(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """Let PATH hold nothing but these interpreters: a version without its dot, and what it says."""
    for name, script in scripts.items():
        path = folder / f"python3.{name.removeprefix('v3')}"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def saying(version: str) -> str:
    return f"echo {version}; echo /somewhere/python"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project whose recogniser is for every Python but the running one."""
    running = pythons.RUNNING.version
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nrequires-python = ">=3.11,<3.15"\ndependencies = []\n'
        "[project.optional-dependencies]\n"
        f"offline = [\"pocketsphinx>=5; python_version != '{running}'\", 'soxr']\n"
    )
    return tmp_path


OTHERS = [f"3.{n}" for n in (14, 13, 12, 11) if f"3.{n}" != pythons.RUNNING.version]


def test_who_can_hear_is_what_the_markers_say(root: Path) -> None:
    listed = needs.requirements(root, ["offline"])
    markers = [Requirement(need).marker for need in listed if need.startswith("pocketsphinx")]
    for minor in range(11, 15):
        version = {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0"}
        hears = any(marker is None or marker.evaluate(version) for marker in markers)
        assert pythons.can_hear(root, f"3.{minor}") is hears
        assert (f"3.{minor}" in pythons.hearing(root)) is hears


def test_only_pythons_that_voicekit_runs_on_are_named(clone: Path) -> None:
    assert pythons.hearing(clone) == OTHERS
    assert all(one in SpecifierSet(">=3.11,<3.15") for one in pythons.hearing(clone))


def test_a_python_that_hears_is_used_as_it_is(root: Path) -> None:
    if pythons.can_hear(root):
        assert pythons.best(root) == (Path(sys.executable), pythons.RUNNING.version)


@posix
def test_a_deaf_python_gives_way_to_the_newest_that_hears(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest, second = OTHERS[:2]
    names = {one.replace("3.", "v3"): saying(one) for one in (newest, second)}
    on_path(tmp_path, monkeypatch, **names)
    assert pythons.best(clone) == (Path("/somewhere/python"), newest)


@posix
@pytest.mark.parametrize("script", ["exit 1", "echo 3.2; echo /old", "exec /nowhere/at/all", ""])
def test_a_name_on_path_that_does_not_start_is_passed_over(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    newest, second = OTHERS[:2]
    names = {newest.replace("3.", "v3"): script, second.replace("3.", "v3"): saying(second)}
    on_path(tmp_path, monkeypatch, **names)
    assert pythons.best(clone).version == second


def test_without_another_the_running_one_remains(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pythons.best(clone) == pythons.RUNNING
