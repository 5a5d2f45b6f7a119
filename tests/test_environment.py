"""pyproject.toml is the only list of needs; what must repeat it is held against it here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import voicekit.__main__ as command_line


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    return loaded["project"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def environment(root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((root / "environment.yml").read_text("utf-8"))
    return loaded


def name_of(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_the_environment_bears_the_projects_name(
    environment: dict[str, Any], project: dict[str, Any]
) -> None:
    assert environment["name"] == project["name"]
    assert environment["channels"] == ["conda-forge"]


def test_conda_provides_python_and_pip_and_nothing_else(environment: dict[str, Any]) -> None:
    named = [name_of(need) for need in environment["dependencies"] if isinstance(need, str)]
    assert named == ["python", "pip"]


def test_the_environments_python_is_one_the_project_runs_on(
    environment: dict[str, Any], project: dict[str, Any]
) -> None:
    found = re.fullmatch(r"python=(3)\.(\d+)", environment["dependencies"][0])
    assert found
    assert command_line.MINIMUM <= (int(found[1]), int(found[2])) < command_line.TOO_NEW
    low, high = (
        f"{major}.{minor}" for major, minor in (command_line.MINIMUM, command_line.TOO_NEW)
    )
    assert project["requires-python"] == f">={low},<{high}"


def test_one_editable_line_brings_everything_else(
    environment: dict[str, Any], project: dict[str, Any], root: Path
) -> None:
    (pip,) = (need for need in environment["dependencies"] if isinstance(need, dict))
    (line,) = pip["pip"]
    found = re.fullmatch(r"-e \.\[([\w,]+)\]", line)
    assert found
    assert set(found[1].split(",")) <= set(project["optional-dependencies"])
    # Binder's tool does not see that a quoted line means this folder, and installs too early.
    assert f"- {line}\n" in (root / "environment.yml").read_text("utf-8")


def test_nothing_shadows_the_environment_on_binder(root: Path) -> None:
    assert not (root / "binder").exists()
    assert not (root / ".binder").exists()


def test_every_command_asks_for_extras_that_exist(project: dict[str, Any]) -> None:
    assert set(command_line.EXTRAS) <= set(command_line.commands())
    for extras in command_line.EXTRAS.values():
        assert set(extras) <= set(project["optional-dependencies"])


def test_constraints_pin_every_need(root: Path, project: dict[str, Any]) -> None:
    pinned = {name_of(line) for line in (root / "constraints.txt").read_text().splitlines()}
    extras = project["optional-dependencies"].values()
    needs = [*project["dependencies"], *(need for extra in extras for need in extra)]
    assert {name_of(need) for need in needs} <= pinned


def test_constraints_are_names_and_versions_only(root: Path) -> None:
    pin = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*( ; [\w.'\"<>=!*() ]+)?")
    lines = (root / "constraints.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if not pin.fullmatch(line)] == []
