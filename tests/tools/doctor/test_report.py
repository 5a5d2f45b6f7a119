import json

import pytest

from voicekit.tools.doctor.report import Report, Row, _words, row

GOOD = Row("ears", "ok", "two of them", detail="left and right")
BAD = Row("mouth", "wrong", "shut <tight>", "Open it.")
OPEN = Row("nose", "not checked", "no browser answered")


def test_it_is_true_when_nothing_is_wrong():
    assert Report(GOOD, OPEN)
    assert not Report(GOOD, BAD)
    assert Report(Report(GOOD), [BAD, OPEN]).rows == (GOOD, BAD, OPEN)
    assert Report(GOOD, BAD).wrong == ["mouth"]


def test_it_says_each_outcome_in_words_and_what_to_do():
    text = repr(Report(GOOD, BAD, OPEN))
    assert text.splitlines()[:4] == [
        "check  result         what was found",
        "ears   ✓ ok           two of them",
        "mouth  ✗ wrong        shut <tight>",
        "nose   - not checked  no browser answered",
    ]
    assert "1 ok, 1 wrong, 1 not checked." in text
    assert text.endswith("What to do\nmouth: Open it.")


def test_what_differs_between_machines_is_printed_and_not_stored():
    report = Report(GOOD)
    assert "left and right" in str(report)
    assert "left and right" not in repr(report) + report._repr_html_()


def test_the_page_shows_the_same_and_escapes_it():
    page = Report(GOOD, BAD)._repr_html_()
    assert "shut &lt;tight&gt;" in page
    assert "<b>mouth</b>: Open it." in page
    assert "What to do" not in Report(GOOD)._repr_html_()


def test_as_json_it_is_one_object():
    told = json.loads(json.dumps(Report(GOOD, BAD).json()))
    assert told["ok"] is False
    assert told["rows"][1] == {
        "check": "mouth",
        "outcome": "wrong",
        "found": "shut <tight>",
        "fix": "Open it.",
        "detail": "",
    }


@pytest.mark.parametrize("check", _words())
def test_every_finding_has_words_and_every_wrong_one_a_fix(check):
    class Anything(dict):
        def __missing__(self, key):
            return key

    for code, entry in _words()[check].items():
        if code == "name":
            continue
        assert set(entry) <= {"outcome", "found", "fix"}
        if entry.get("outcome", "wrong") == "wrong":
            assert entry["fix"], f"{check}.{code} has no fix"
        else:
            assert entry["found"], f"{check}.{code} says nothing"
        made = row(check, code, **_figures(entry))
        assert made.outcome in {"ok", "wrong", "not checked"}


def _figures(entry):
    import string

    texts = [entry.get("found", ""), entry.get("fix", "")]
    return {name: "x" for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
