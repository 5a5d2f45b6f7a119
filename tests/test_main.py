from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import voicekit.__main__ as command_line
from voicekit.errors import EngineError


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


def test_every_command_has_a_main_and_says_help_before_anything_is_installed(root: Path) -> None:
    assert "memory" not in command_line.commands()
    for name in command_line.commands():
        for word in ("--help", "-h"):
            done = run(root, name, word)
            assert done.returncode == 0, (name, done.stderr)
            assert "Traceback" not in done.stderr
            assert (done.stdout + done.stderr).strip(), name


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version_is_voicekits_and_nothing_is_installed_for_it(root: Path, word: str) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    done = run(root, word)
    assert (done.stdout, done.stderr) == (f"voicekit {project['version']}\n", "")


@pytest.mark.parametrize("through", ["a link", "Some Projects/späte Kopie"])
def test_it_runs_by_its_path_from_any_folder(root: Path, tmp_path: Path, through: str) -> None:
    clone = tmp_path / through
    clone.parent.mkdir(exist_ok=True)
    clone.symlink_to(root, target_is_directory=True)
    for python in ([sys.executable, "-S"], [sys.executable, "-I", "-S"]):
        command = [*python, str(clone / "voicekit"), "--version"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.stdout.startswith("voicekit "), done.stderr


def test_no_module_of_the_package_hides_one_of_pythons(root: Path) -> None:
    # Run by its path, Python looks into the package's own folder first.
    names = {path.stem for path in (root / "voicekit").iterdir()}
    assert not names & sys.stdlib_module_names


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_no_encoding_ends_a_command(root: Path, encoding: str) -> None:
    code = (
        "import sys, types; import voicekit.__main__ as program\n"
        "def main(argv): print('✓ fertig ░ 😀'); print('später', file=sys.stderr); return 0\n"
        "sys.modules['voicekit.tools.commands.standin'] = types.SimpleNamespace(main=main)\n"
        "program.EXTRAS; sys.exit(program.main(['standin', '--help']))"
    )
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert b"fertig" in done.stdout


def test_a_reader_that_has_read_enough_is_no_traceback(root: Path) -> None:
    code = (
        "import sys, types; import voicekit.__main__ as program\n"
        "def main(argv):\n    for _ in range(99999): print('line')\n    return 0\n"
        "sys.modules['voicekit.tools.commands.standin'] = types.SimpleNamespace(main=main)\n"
        "sys.exit(program.main(['standin', '--help']))"
    )
    command = [sys.executable, "-c", code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=root, **pipes) as process:  # type: ignore[call-overload]
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


def test_an_error_of_ours_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: list[str]) -> int:
        raise EngineError("The voice is missing. Install it.")

    monkeypatch.setitem(sys.modules, "voicekit.tools.commands.standin", SimpleNamespace(main=fail))
    assert command_line.main(["standin", "--help"]) == 1
    assert capsys.readouterr().err == "voicekit: The voice is missing. Install it.\n"


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
