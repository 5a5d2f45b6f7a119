"""Which tests `python3 -m voicekit test` leaves out, and how one asks for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from voicekit.tools.commands import test as command

HERE = Path(__file__).parent
FOLDER = {
    "test_one.py": """
import pytest

def test_quick(): pass

@pytest.mark.extended
def test_long(): pass
""",
    "pytest.ini": """[pytest]
markers = extended: takes long
testpaths = .
pythonpath = '{HERE}'
""",
}


@pytest.mark.parametrize(
    ("arguments", "ran"),
    [
        ([], {"quick"}),
        (["."], {"quick"}),
        (["--all"], {"quick", "long"}),
        (["test_one.py"], {"quick", "long"}),
        (["test_one.py::test_long"], {"long"}),
        (["-m", "extended"], {"long"}),
    ],
)
def test_extended_tests_run_when_asked_for(
    arguments: list[str], ran: set[str], tmp_path: Path
) -> None:
    for name, text in FOLDER.items():
        (tmp_path / name).write_text(text.replace("{HERE}", str(HERE)))
    (tmp_path / "conftest.py").write_text((HERE.parent / "conftest.py").read_text("utf-8"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", *arguments],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name for name in ("quick", "long") if f"test_{name} PASSED" in done.stdout} == ran
    assert ("`--all` runs them" in done.stdout) == (arguments == [])


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ([], ["-n", "4", "--no-loadscope-reorder"]),
        (["-rs"], ["-n", "4", "--no-loadscope-reorder", "-rs"]),
        (["--all"], ["-n", "3", "--no-loadscope-reorder", "--all"]),
        (["-k", "keys"], ["-k", "keys"]),
        (["--all", "tests/test_keys.py"], ["--all", "tests/test_keys.py"]),
    ],
)
def test_several_run_at_a_time_unless_somebody_chooses(
    given: list[str], passed_on: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(command, "become", lambda words: started.append(words) or 0)
    monkeypatch.chdir(HERE)  # and back afterwards
    assert command.main(given) == 0
    assert started == [[sys.executable, "-m", "pytest", *passed_on]]
