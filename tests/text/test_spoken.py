from __future__ import annotations

from collections import Counter

import pytest

from bench.text import LANGUAGES, LATER, WRONG, Case, corpus, first_audio, groups, loose
from voicekit.text.numerals import Numerals
from voicekit.text.spoken import say, speakable

_LEAST = {"en": 600, "de": 250, "es": 250}  # cases
_KINDS = """cardinal decimal ordinal fraction measure money date time address electronic
abbreviation"""


def test_every_published_example_is_said_as_published() -> None:
    for group in groups("published"):
        for written, *accepted in group["cases"]:
            said = loose(speakable(written), "de")  # as written there, "and" and "oh" included
            assert said in [loose(one, "de") for one in accepted], written


@pytest.mark.parametrize("language", LANGUAGES)
def test_written_forms_are_said_as_people_say_them(language: str) -> None:
    cases = list(corpus(language))
    wrong = [case for case in cases if not case.right]
    assert len(cases) >= _LEAST[language]
    assert 100 * len(wrong) / len(cases) <= WRONG, "\n".join(map(_told, wrong))
    kinds = {case.kind for case in cases}
    assert not set(_KINDS.split()) - kinds
    for kind in kinds:  # none is neglected for the others' sake
        of_kind = [case.right for case in cases if case.kind == kind]
        assert sum(of_kind) >= 0.9 * len(of_kind), kind


def _told(case: Case) -> str:
    said = speakable(case.written, case.language)
    return f"{case.kind}: {case.written!r} → {said!r}, not {case.accepted[0]!r}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_piece_of_every_kind_leads_back_to_its_source(language: str) -> None:
    for case in corpus(language):
        spoken = say(case.written, case.language)
        heard = [spoken.source_at(count, case.written) for count in range(len(spoken.text) + 1)]
        assert heard == sorted(heard), case
        assert heard[-1] == len(case.written), case
        for place in set(heard):  # never within a word or a number
            around = case.written[max(0, place - 1) : place + 1]
            assert not (len(around) == 2 and around.isalnum()), (case, place)


@pytest.mark.parametrize("language", ["zh", "ja", "hi"])
def test_the_first_audio_of_another_script_is_not_later_than_that_of_english(
    language: str,
) -> None:
    audio = first_audio()
    for reply, english in zip(audio[language], audio["en"], strict=True):
        assert reply <= LATER * english


def test_no_case_is_listed_twice() -> None:
    cases = Counter((case.language, case.written) for name in LANGUAGES for case in corpus(name))
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
