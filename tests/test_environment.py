"""pyproject.toml is the only list of needs; what must repeat it is held against it here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

import voicekit.__main__ as command_line
from voicekit.tools.setup import needs


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
    pins, line = pip["pip"]
    assert pins == "-c constraints.txt"
    assert (root / pins.removeprefix("-c ")).is_file()
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


LOCKS = ("build", "offline", "test")
PIN = re.compile(r"([a-z0-9-]+==[0-9][0-9a-z.]*(?: ; [^\\]+?)?) \\\n")


def lock(root: Path, name: str) -> str:
    return (root / "requirements" / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_pins_and_hashes_only(root: Path, name: str) -> None:
    pin = PIN.pattern + r"(?: +--hash=sha256:[0-9a-f]{64} \\\n)* +--hash=sha256:[0-9a-f]{64}\n"
    assert re.fullmatch(f"(?:{pin})+", lock(root, name))


def test_the_locks_and_the_constraints_agree(root: Path) -> None:
    pins = {pin.partition(" ;")[0] for name in LOCKS[1:] for pin in PIN.findall(lock(root, name))}
    lines = (root / "constraints.txt").read_text("utf-8").splitlines()
    assert pins
    assert pins <= {line.partition(" ;")[0] for line in lines}


def test_the_locks_pin_every_need_of_their_extras(root: Path, project: dict[str, Any]) -> None:
    pinned = {name_of(pin) for name in LOCKS[1:] for pin in PIN.findall(lock(root, name))}
    extras = project["optional-dependencies"]
    listed = [*project["dependencies"], *extras["offline"], *extras["test"]]
    assert {name_of(need) for need in listed} <= pinned


def test_every_command_finds_the_locks_that_it_installs(root: Path) -> None:
    extras = {extra for extras in command_line.EXTRAS.values() for extra in extras}
    assert extras <= {path.stem for path in (root / "requirements").glob("*.txt")}


def test_what_builds_is_one_release_in_project_and_lock(root: Path) -> None:
    loaded = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    assert loaded["build-system"]["requires"] == PIN.findall(lock(root, "build"))


def test_set_up_reads_every_marker_of_the_locks(root: Path) -> None:
    for pin in (pin for name in LOCKS for pin in PIN.findall(lock(root, name))):
        marker = Requirement(pin).marker
        assert needs.applies(pin) == (marker is None or marker.evaluate())
        for minor in (11, 12, 13, 14):
            version = {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.1"}
            there = marker is None or marker.evaluate(version)
            assert needs.applies(pin, **version) == there, pin
