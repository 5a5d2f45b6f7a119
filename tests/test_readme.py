"""The README's code runs with the interpreter that it names, and prints what the README says."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from voicekit.tools.setup.needs import unmet

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", README, re.DOTALL)
LINES = [
    line.partition("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
COMMANDS = re.findall(r"python3 -m voicekit ([a-z]+)", README)
NAMED = ROOT / (".venv/Scripts/python.exe" if os.name == "nt" else ".venv/bin/python")
# Where no .venv was needed (conda, Binder), the Python that has everything is meant.
INTERPRETER = NAMED if NAMED.exists() else Path(sys.executable)
# A tree that lies on PYTHONPATH alone would be installed by the commands.
installed = pytest.mark.skipif(bool(unmet(ROOT, ["offline"])), reason="not installed from here")


def test_there_are_examples() -> None:
    assert EXAMPLES
    assert LINES


def test_the_interpreter_is_named_for_both_kinds_of_system() -> None:
    before = README[: README.index("```python")]
    for name in ("`.venv/bin/python`", r"`.venv\Scripts\python`"):
        assert name in before.rpartition("```")[2]


@installed
@pytest.mark.parametrize("folder", [ROOT, ROOT.parent, None], ids=["clone", "above", "elsewhere"])
@pytest.mark.parametrize(("code", "output"), EXAMPLES)
def test_an_example_prints_what_it_says(
    code: str, output: str, folder: Path | None, tmp_path: Path
) -> None:
    done = subprocess.run(
        [INTERPRETER, "-c", code],
        cwd=folder or tmp_path,
        env={**os.environ, "VOICEKIT_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.returncode) == (output, 0), done.stderr


def test_the_folder_above_a_clone_that_is_called_voicekit_hides_nothing(tmp_path: Path) -> None:
    """What an editable install puts on the path: a folder without `__init__.py` comes first."""
    (tmp_path / "voicekit").mkdir()
    command = [INTERPRETER, "-c", "import voicekit; print(voicekit.connect)"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.startswith("<function connect"), done.stderr


def started(line: str, until: str) -> str:
    """Run a line of a shell until it prints a word, end it as Ctrl-C does, return what it said."""
    environment = {**os.environ, "PATH": f"{INTERPRETER.parent}{os.pathsep}{os.environ['PATH']}"}
    said = ""
    with subprocess.Popen(
        shlex.split(line),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None
        for text in process.stdout:
            said += text
            if until in text:
                break
        process.terminate()
        process.stdout.read()
    return said


# A line of the README, what is added so that it ends or needs no screen, and what it then prints.
ADDED = {
    "python3 -m voicekit": ("--no-browser --port=0", "my-notebooks/00-"),
    "python3 -m voicekit test": ("--version", "pytest"),
    "python3 -m voicekit standin --profile advertised": ("", "READY"),
}


@installed
@pytest.mark.extended
@pytest.mark.skipif(os.name == "nt", reason="a signal ends the commands")
@pytest.mark.parametrize("line", LINES)
def test_a_line_for_the_shell_runs(line: str) -> None:
    bench = ("--help", "usage: python3 -m voicekit bench")
    more, printed = ADDED.get(line, bench)
    assert printed in started(f"{line} {more}", printed)


def test_every_command_exists() -> None:
    command = [sys.executable, "-m", "voicekit", "--help"]
    known = subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout
    assert COMMANDS
    assert all(command in known for command in COMMANDS)


def test_every_path_in_it_exists() -> None:
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / path).exists(), path
