from __future__ import annotations

import sys
from pathlib import Path

import pytest

from voicekit.errors import SetupError
from voicekit.tools.setup.steps import Installing, step


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


def test_a_step_says_what_it_does_and_how_long_it_took(capfd: pytest.CaptureFixture[str]) -> None:
    step("Counting", python("print(1); print(2)"))
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines()[0] == "voicekit: Counting ..."
    assert err.splitlines()[-1].endswith(" s  done")


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        ("[Errno 28] No space left on device", "The disk is full."),
        ("cause: No space left on device (os error 28)", "The disk is full."),
        ("Error: [Errno 13] Permission denied: '.venv'", "cannot be written to"),
        ("Read-only file system (os error 30)", "cannot be written to"),
        ("Temporary failure in name resolution", "cannot be reached"),
        ("error sending request for url", "cannot be reached"),
        ("[Errno 101] Network is unreachable", "cannot be reached"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE", "not the file that was pinned"),
        ("error: Hash mismatch for `a==1`", "not the file that was pinned"),
        ("something nobody thought of", "Its last lines are below."),
    ],
)
def test_a_failure_is_explained_in_a_plain_sentence(printed: str, sentence: str) -> None:
    with pytest.raises(SetupError) as failure:
        step("Trying", python(f"import sys; print({printed!r}); sys.exit(1)"))
    first, *rest = str(failure.value).splitlines()
    assert first.startswith("Trying failed. ")
    assert sentence in first
    assert "run the same command again" in first
    assert printed in rest


def test_a_cause_named_long_before_the_end_is_found() -> None:
    code = "print('Network is unreachable'); [print('line', n) for n in range(50)]; exit(1)"
    with pytest.raises(SetupError, match="cannot be reached") as failure:
        step("Trying", python(code.replace("exit(1)", "raise SystemExit(1)")))
    assert len(str(failure.value).splitlines()) < 12


def test_a_command_that_reads_its_input_finds_none() -> None:
    step("Asking", python("import sys; sys.exit(sys.stdin.read() != '')"))


@pytest.mark.parametrize(
    ("lines", "far"),
    [
        ([], "0 of about 90 MB fetched"),
        (["Downloading a-1-py3-none-any.whl (12.3 MB)", "Downloading b.whl (500 kB)"], "13 of"),
        (["Downloading numpy (15.9MiB)", "Downloading soxr (1.0MiB)"], "17 of about 90 MB"),
        (["Downloading a.whl.metadata (9 MB)", "Requirement already satisfied: c"], "0 of about"),
        (["Downloading big.whl (2.0 GB)"], "90 of about 90 MB"),
    ],
)
def test_an_installers_lines_become_megabytes(tmp_path: Path, lines: list[str], far: str) -> None:
    meter = Installing(tmp_path, 3, 90)
    assert far in [meter(""), *map(meter, lines)][-1]


@pytest.mark.parametrize("folder", ["lib/python3.13/site-packages", "Lib/site-packages"])
def test_packages_count_once_they_are_there(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder / "pip-1.dist-info").mkdir(parents=True)
    meter = Installing(tmp_path, 3, 90)
    for name in ("a", "b"):
        (tmp_path / folder / f"{name}-1.dist-info").mkdir()
    assert meter("Installing collected packages: a, b") == "3 of 3 packages installed"


def test_an_installers_own_lines_are_shown_only_when_it_fails(
    capfd: pytest.CaptureFixture[str],
) -> None:
    step("Installing", python("print('Collecting thing')"), python("print('Collecting more')"))
    assert "Collecting" not in capfd.readouterr().err
    with pytest.raises(SetupError, match="Collecting thing"):
        step("Installing", python("print('Collecting thing'); raise SystemExit(1)"))


def test_of_several_commands_none_runs_after_one_that_failed(tmp_path: Path) -> None:
    touch = python(f"import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()")
    with pytest.raises(SetupError):
        step("Trying", python("raise SystemExit(3)"), touch)
    assert not (tmp_path / "ran").exists()
