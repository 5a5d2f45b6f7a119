import json
import sys
import types
from datetime import timedelta

import pytest
from notebook_world import CANARY

from voicekit.tools.doctor import front_end, keys, machine, models, packages, python


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    monkeypatch.setenv("VOICEKIT_OFFLINE", "0")
    monkeypatch.chdir(tmp_path)  # where no .env lies


def test_this_python_fits_and_says_its_version_apart():
    row = python()
    assert row.outcome == "ok"
    assert row.detail.startswith("3.")
    assert row.detail not in row.found


@pytest.mark.parametrize("version", [(3, 10), (3, 15)])
def test_another_python_is_wrong_and_the_fix_names_one(version):
    row = python(version)
    assert row.outcome == "wrong"
    assert "python3.13" in row.fix


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(machine, "unmet", lambda *_: ["soxr>=0.5", "-e somewhere/private"])
    row = packages()
    assert row.outcome == "wrong"
    assert row.found == "missing or too old: soxr>=0.5, voicekit itself"
    monkeypatch.setattr(machine, "unmet", lambda *_: [])
    assert packages().outcome == "ok"


def test_an_installed_copy_is_asked_for_what_it_needs_itself(monkeypatch):
    monkeypatch.setattr(machine.bootstrap, "checkout", lambda: None)
    assert packages().outcome == "ok"
    requires = ["soxr>=0.5", "nothing-like-it>=1; extra == 'offline'", "no-test; extra == 'test'"]
    monkeypatch.setattr(machine.pythons.metadata, "requires", lambda _: requires)
    assert packages().found == "missing or too old: nothing-like-it>=1"


def test_a_python_without_a_recogniser_is_wrong_and_names_those_that_have_one(monkeypatch):
    monkeypatch.setattr(machine.pythons, "can_hear", lambda _, version: version == "3.12")
    row = python((3, 13))
    assert row.outcome == "wrong"
    assert "3.13 has no recogniser" in row.found
    assert "python3.12 -m voicekit" in row.fix
    assert python((3, 12)).outcome == "ok"


NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["Once it was `{0}`, or '{0}'."]},
        {"cell_type": "code", "source": ["model = '{0}'\n", 'other = "gpt-6-luna"']},
    ]
}


@pytest.mark.parametrize(
    ("days", "seen"), [(-121, None), (-120, "ends on"), (-1, "ends on"), (0, "ended on")]
)
def test_a_model_that_ends_is_found_in_the_users_own_notebooks(monkeypatch, tmp_path, days, seen):
    name, end = next((n, e) for n, e in machine._shutdowns().items() if "successor" in e)
    (tmp_path / "mine.ipynb").write_text(json.dumps(NOTEBOOK).replace("{0}", name))
    (tmp_path / "broken.ipynb").write_text("{")
    monkeypatch.setenv("VOICEKIT_TODAY", (end["date"] + timedelta(days=days)).isoformat())
    (row,) = models()
    if seen is None:
        assert row.outcome == "ok"
        return
    assert row.outcome == "wrong"
    assert row.found == f"mine.ipynb names {name!r}, which {seen} {end['date']}"
    assert f"Write {end['successor']!r} in mine.ipynb" in row.fix


def test_a_model_that_is_only_spoken_of_is_no_row(tmp_path):
    name = next(iter(machine._shutdowns()))
    notebook = {"cells": NOTEBOOK["cells"][:1]}
    (tmp_path / "mine.ipynb").write_text(json.dumps(notebook).replace("{0}", name))
    assert [row.outcome for row in models()] == ["ok"]


def test_keys_are_found_and_never_shown(monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", CANARY)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    report = keys()
    eleven, openai = report
    assert eleven.found == "ELEVENLABS_API_KEY found in the environment"
    assert "stand-in" in openai.found
    assert report
    assert CANARY[-4:] not in str(report) + report._repr_html_() + str(report.json())


def test_what_cannot_be_a_key_is_wrong_and_not_shown_either(monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", f"“{CANARY}”")
    report = keys()
    assert report.wrong == ["ElevenLabs key"]
    assert CANARY not in str(report.json())


def test_offline_no_key_is_looked_for(monkeypatch):
    monkeypatch.setenv("VOICEKIT_OFFLINE", "1")
    monkeypatch.setattr(machine, "find_key", lambda _: pytest.fail("it was looked for"))
    assert all("VOICEKIT_OFFLINE" in row.found for row in keys())


def shell(**names):
    return types.SimpleNamespace(
        get_ipython=lambda: types.SimpleNamespace(kernel=object(), user_ns=names)
    )


@pytest.mark.parametrize(
    ("module", "value", "word"),
    [
        ("IPython", shell(), "Jupyter"),
        ("IPython", shell(__vsc_ipynb_file__="x.ipynb"), "VS Code"),
        ("google.colab", types.ModuleType("google.colab"), "Colab"),
    ],
)
def test_each_front_end_is_told_from_the_others(monkeypatch, module, value, word):
    monkeypatch.setitem(sys.modules, module, value)
    assert word in front_end().found


def test_a_terminal_and_a_page_of_python_are_no_notebook_servers(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert front_end().outcome == "not checked"
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert front_end().outcome == "wrong"
