from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from voicekit.tools.setup import needs


def installed(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)


def test_the_python_that_runs_the_tests_has_all_it_needs(root: Path) -> None:
    assert needs.unmet(root, ["offline", "test"]) == []


def test_every_requirement_of_the_project_can_be_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    every = needs.requirements(root, extras)
    names = [needs.is_met(need) for need in every]
    assert len(names) > 15
    installed(monkeypatch)
    for need in every:
        marker = Requirement(need).marker
        assert needs.is_met(need) == (marker is not None and not marker.evaluate())


@pytest.mark.parametrize(
    ("requirement", "version", "met"),
    [
        ("thing", "0.1", True),
        ("thing>=2", "1.9.9", False),
        ("thing>=2", "2", True),
        ("thing>=2", "2.0.0", True),
        ("thing>=2.0.0", "2", True),
        ("thing>=2.9", "2.10", True),
        ("thing>=0.11,<0.12", "0.11.4", True),
        ("thing>=0.11,<0.12", "0.12", False),
        ("thing==1.2", "1.2.0", True),
        ("thing!=1.2", "1.2", False),
        ("thing[extra]>=1", "1.0rc1", True),
        ("thing>=2; python_version < '3.0'", "1", True),
        ("thing>=2; python_version >= '3.10' and sys_platform != 'none'", "1", False),
        ("other", "1", False),
    ],
)
def test_bounds_and_markers_are_honoured(
    requirement: str, version: str, met: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, thing=version)
    assert needs.is_met(requirement) is met


@pytest.mark.parametrize(
    "requirement", ["thing @ https://host/thing.whl", "thing~=1.0", "thing; 'x' in extra"]
)
def test_syntax_that_it_does_not_know_is_refused(
    requirement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(monkeypatch, thing="1.0")
    with pytest.raises(ValueError, match="this module can read"):
        needs.is_met(requirement)


def test_a_python_without_this_very_checkout_lacks_it(root: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes((root / "pyproject.toml").read_bytes())
    assert needs.unmet(tmp_path, []) == [f"-e {tmp_path}"]
