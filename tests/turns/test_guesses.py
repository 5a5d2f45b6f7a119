from __future__ import annotations

import pytest

from voicekit.turns import Speculation


def test_an_answer_to_the_words_that_were_said_is_released_once() -> None:
    speculation = Speculation[str]()
    assert speculation.wants("where is my parcel")
    guess = speculation.hold("where is my parcel", "an answer")
    assert not guess.released, "nothing is heard, and no tool called"
    assert not speculation.wants("Where is my parcel?"), "the same words are not worked on twice"
    assert speculation.release("Where is my parcel?") is guess
    assert guess.released
    assert speculation.release("where is my parcel") is None


def test_an_answer_to_other_words_is_dropped_without_a_trace() -> None:
    speculation = Speculation[str]()
    guess = speculation.hold("where is it", "an answer")
    assert speculation.release("where is it now") is None
    assert speculation.drop() is guess
    assert (guess.state, speculation.guess, speculation.drop()) == ("dropped", None, None)
    assert speculation.wants("where is it now")


@pytest.mark.parametrize("text", ["", " ", "my number is", "I want to"])
def test_nothing_is_begun_for_words_that_must_go_on(text: str) -> None:
    assert not Speculation[str]().wants(text)


def test_they_are_worked_on_if_that_is_asked_for() -> None:
    assert Speculation[str](unfinished=True).wants("my number is")


def test_no_work_goes_on_unseen() -> None:
    speculation = Speculation[str]()
    speculation.hold("where is it", "an answer")
    with pytest.raises(ValueError, match="drop it first"):
        speculation.hold("where is it now", "another")
