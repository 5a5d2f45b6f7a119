from __future__ import annotations

import sys

import pytest

from voicekit.errors import SetupError
from voicekit.setup.steps import step


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
