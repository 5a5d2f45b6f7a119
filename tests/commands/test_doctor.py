import json

import pytest
from notebook_world import CANARY

from voicekit.checks.report import Row
from voicekit.commands import doctor


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
    assert captured.err == ""
    assert CANARY not in captured.out


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_it_fails_when_a_row_does_and_says_what_to_do(capsys, monkeypatch, arguments):
    monkeypatch.setattr(doctor, "packages", lambda: Row("packages", "wrong", "none", "Get some."))
    assert doctor.main([*arguments, "--profile", "instant"]) == 1
    assert "Get some." in capsys.readouterr().out
