from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import voicekit.__main__ as command_line


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "-c", "import runpy, sys; sys.path.insert(0, '.'); "]
    command[-1] += "sys.argv[1:] and runpy.run_module('voicekit', run_name='__main__')"
    return subprocess.run([*command, *words], cwd=root, capture_output=True, text=True)


def test_help_has_a_line_for_each_command_and_imports_none(root: Path) -> None:
    done = run(root, "--help")
    assert done.returncode == 0, done.stderr
    for name, path in command_line.commands().items():
        first = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").splitlines()[0]
        assert f"  {name:<10} {first}\n" in done.stdout


def test_the_commands_are_the_files_of_their_folder() -> None:
    assert {"lab", "standin", "test"} <= set(command_line.commands())
    assert not any("_" in name for name in command_line.commands())


def test_an_unknown_command_is_answered_with_the_known_ones(root: Path) -> None:
    done = run(root, "labb")
    assert done.returncode == 2
    assert "'labb'" in done.stderr
    for name in command_line.commands():
        assert name in done.stderr


@pytest.mark.parametrize("version", [(3, 7), (3, 10), (3, 15)])
def test_another_python_is_told_which_ones_will_do(
    version: tuple[int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    assert command_line.main(["test"]) == 1
    assert f"this is Python 3.{version[1]}, and voicekit runs on 3.11 to" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py"])
def test_what_says_so_can_be_read_by_an_old_python(root: Path, name: str) -> None:
    ast.parse((root / "voicekit" / name).read_text("utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize(
    ("words", "command", "arguments"),
    [
        ([], "lab", []),
        (["--no-browser", "--port", "9"], "lab", ["--no-browser", "--port", "9"]),
        (["lab", "--help"], "lab", ["--help"]),
        (["test", "-k", "a b"], "test", ["-k", "a b"]),
    ],
)
def test_options_alone_are_for_the_lab(
    words: list[str], command: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, list[str]]] = []

    def run(command: str, arguments: list[str]) -> int:
        ran.append((command, arguments))
        return 0

    monkeypatch.setattr(command_line, "_run", run)
    assert command_line.main(words) == 0
    assert ran == [(command, arguments)]
