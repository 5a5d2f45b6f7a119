"""The README's code runs, and prints what the README says."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"python3 -m voicekit ([a-z]+)", README)


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.parametrize(("code", "output"), EXAMPLES)
def test_an_example_prints_what_it_says(code, output, monkeypatch):
    monkeypatch.setenv("VOICEKIT_OFFLINE", "1")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == output


def test_every_command_exists():
    known = subprocess.run(
        [sys.executable, "-m", "voicekit", "--help"], capture_output=True, text=True, cwd=ROOT
    ).stdout
    assert COMMANDS
    assert all(command in known for command in COMMANDS)


def test_every_path_in_it_exists():
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / path).exists(), path
