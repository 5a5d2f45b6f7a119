import json
import os
import subprocess
import sys

import pytest
from notebook_world import CANARY

from voicekit.tools.commands import doctor
from voicekit.tools.doctor import machine, vendors
from voicekit.tools.doctor.report import Row


def test_it_prints_what_it_found_and_nothing_is_wrong_here(capsys):
    assert doctor.main(["--profile", "instant"]) == 0
    out = capsys.readouterr().out
    assert "the voice speaks" in out
    assert "✗" not in out
    assert CANARY not in out


def test_as_json_it_prints_one_object_only(capsys):
    assert doctor.main(["--json", "--profile", "instant"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert (told["doctor"], told["ok"]) == ("instant", True)
    assert {row["check"] for row in told["rows"]} >= {"Python", "packages", "the LLM answers"}
    assert captured.out.isascii()  # whatever the encoding of the pipe
    assert captured.err == ""
    assert CANARY not in captured.out


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_it_fails_when_a_row_does_and_says_what_to_do(capsys, monkeypatch, arguments):
    monkeypatch.setattr(machine, "packages", lambda: Row("packages", "wrong", "none", "Get some."))
    assert doctor.main([*arguments, "--profile", "instant"]) == 1
    assert "Get some." in capsys.readouterr().out


def test_each_row_is_printed_before_the_next_is_looked_for(capsys, monkeypatch):
    printed = []

    def started(_profile):
        printed.append(capsys.readouterr().out)
        return Row("the stand-in", "wrong", "no room for it", "Make some."), None

    monkeypatch.setattr(vendors, "standin", started)
    assert doctor.main([]) == 1
    assert [line.split()[2] for line in printed[0].splitlines()][:2] == ["Python", "packages"]
    assert "no room for it" in capsys.readouterr().out


@pytest.mark.extended
@pytest.mark.parametrize("package", ["espeakng_loader", "soxr", "trustme", "pocketsphinx"])
def test_a_missing_package_is_told_in_a_sentence_with_its_cure(package, tmp_path, root):
    (tmp_path / f"{package}.py").write_text(f"raise ImportError('no {package}')")
    done = subprocess.run(
        [sys.executable, "-c", "from voicekit.tools.commands import doctor; doctor.main([])"],
        cwd=root,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(root)])},
    )
    lines = done.stdout.splitlines()
    told = [line for line in lines if line[:1] in "✗-" and " front end " not in line]
    assert any("pip install" in line or "Use Python" in line for line in told), told
    assert "To do:" in done.stdout
    assert done.stderr == ""
    assert not {"headers", "uvicorn", "Traceback"} & set(done.stdout.split())
