from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from voicekit.text.numerals import Numerals
from voicekit.text.spoken import say, speakable

_DATA = Path(__file__).parent.parent / "data"
_FLOOR = 0.97


def _groups(name: str) -> list[dict[str, Any]]:
    text = (_DATA / f"spoken_{name}.toml").read_text(encoding="utf-8")
    groups: list[dict[str, Any]] = tomllib.loads(text)["group"]
    return groups


def _plain(text: str) -> str:
    """A last full stop is not heard, and white space is one space."""
    return " ".join(text.split()).removesuffix(".")


def _loose(text: str) -> str:
    """The published list spells number words with and without hyphens, keys in small letters."""
    return _plain(text).replace("-", " ").lower()


def _wrong(group: dict[str, Any], form: Any = _plain) -> list[str]:
    wrong = []
    for written, *accepted in group["cases"]:
        said = speakable(written, group.get("language", "en"))
        if form(said) not in map(form, accepted):
            wrong.append(f"{group['name']}: {written!r} → {said!r}, not {accepted[0]!r}")
    return wrong


@pytest.mark.parametrize("group", _groups("published"), ids=lambda group: group["name"])
def test_every_published_example_is_said_as_published(group: dict[str, Any]) -> None:
    assert _wrong(group, _loose) == []


@pytest.mark.parametrize("group", _groups("reported"), ids=lambda group: group["name"])
def test_every_reported_kind_is_said_right(group: dict[str, Any]) -> None:
    assert _wrong(group) == []


@pytest.mark.parametrize(("name", "least"), [("en", 300), ("held_out", 60), ("de", 30), ("es", 30)])
def test_written_forms_are_said_as_people_say_them(name: str, least: int) -> None:
    groups = _groups(name)
    total = sum(len(group["cases"]) for group in groups)
    wrong = [line for group in groups for line in _wrong(group)]
    print(f"{name}: {total - len(wrong)} of {total} right", *wrong, sep="\n")
    assert total >= least
    assert 1 - len(wrong) / total >= _FLOOR, "\n".join(wrong)


def test_no_case_is_listed_twice() -> None:
    cases = Counter(
        (group.get("language", "en"), case[0])
        for name in ("published", "reported", "en", "held_out", "de", "es")
        for group in _groups(name)
        for case in group["cases"]
    )
    assert [case for case, times in cases.items() if times > 1] == []


def test_an_unknown_language_is_refused_with_a_way_out() -> None:
    with pytest.raises(ValueError, match="normalise=False"):
        speakable("5 km", "tlh")


def test_a_region_falls_back_to_its_language() -> None:
    assert speakable("5 km", "de-AT") == "fünf Kilometer"
    assert speakable("5 km", "es-MX") == "cinco kilómetros"


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_any_number_is_said(language: str) -> None:
    for exponent in range(0, 40, 3):
        said = speakable("9" * (exponent + 1), language)
        assert said.replace(" ", "").replace("-", "").isalpha()


def test_a_number_beyond_names_is_read_digit_by_digit() -> None:
    for written in ("1234567890123456", "9" * 5000):
        assert speakable(written) == Numerals("en").digits(written)


def test_the_map_leads_back_to_the_source() -> None:
    source = "Pay $5 on Nov 21, please."
    spoken = say(source)
    assert spoken.text == "Pay five dollars on November twenty-first, please."
    at = spoken.text.index(" on")
    assert source[: spoken.source_at(at, source)] == "Pay $5"
    assert source[: spoken.source_at(at - 1, source)] == "Pay "
    assert spoken.source_at(len(spoken.text), source) == len(source)


def test_silent_marks_count_as_heard_with_the_word_before_them() -> None:
    source = "This is **it**, so."
    spoken = say(source)
    assert spoken.text == "This is it, so."
    assert source[: spoken.source_at(len("This is it"), source)] == "This is **it**"
