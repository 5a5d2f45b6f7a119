from __future__ import annotations

import functools

import pytest

from voicekit.errors import EngineError
from voicekit.turns import (
    Completeness,
    SentenceEnds,
    completeness,
    is_backchannel,
    same_words,
)

FINISHED, OPEN, UNFINISHED = Completeness


@pytest.mark.parametrize(
    "text",
    [
        "my order number is", "My order number is…", "I want to return it and", "it is um",
        "I'd like to", "I\u2019d like to", "can you", "could you please cancel", "how much is",
        "cancel order", "it's because the", "where is my order number 42", "I'm calling about",
        "my phone number is 555 01", "my order number is four two",
    ],
)  # fmt: skip
def test_a_text_whose_end_needs_more_is_unfinished(text: str) -> None:
    assert completeness(text) is UNFINISHED


@pytest.mark.parametrize(
    "text",
    [
        "where is my parcel", "Where is my order?", "A-1042", "my order number is 4217",
        "my order number is four two one seven", "thank you", "how are you", "yes it is",
        "I don't know who they are", "of course", "why not", "where do I log in", "the blue one",
        "I never got my tracking number", "Wo ist mein Paket", "", "…",
    ],
)  # fmt: skip
def test_a_text_that_can_be_all_is_finished(text: str) -> None:
    assert completeness(text) is FINISHED


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "good morning",
        "yes",
        "it costs 12",
        "the flight at 7",
        "my phone number is 5550123",
    ],
)
def test_a_greeting_and_a_short_number_may_go_on(text: str) -> None:
    assert completeness(text) is OPEN


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("the parcel that I", UNFINISHED),
        ("your website keeps", UNFINISHED),
        ("where is my parcel", FINISHED),
        ("how long does it take", FINISHED),
        ("I would like a refund", FINISHED),
    ],
)
def test_a_language_model_knows_more_ends_than_the_rules(text: str, state: Completeness) -> None:
    assert completeness(text, ends=sentence_ends()) is state


@functools.cache
def sentence_ends() -> SentenceEnds:
    try:
        return SentenceEnds()
    except EngineError:
        pytest.skip("no pocketsphinx on this Python")


def test_a_question_is_judged_by_the_rules_whatever_the_model_says() -> None:
    assert completeness("the parcel", ends=lambda _: -2.0) is UNFINISHED
    assert completeness("the parcel", ends=lambda _: -1.0) is FINISHED
    assert completeness("how long does it take", ends=lambda _: -2.0) is FINISHED


def test_without_dictation_a_number_is_finished_where_it_pauses() -> None:
    assert completeness("my order number is 4 2", dictation=False) is FINISHED


@pytest.mark.parametrize("text", ["Mm-hm.", "yeah, okay", "I see", "uh huh", "Right, got it!"])
def test_a_listener_says_backchannels(text: str) -> None:
    assert is_backchannel(text)


@pytest.mark.parametrize("text", ["", "yes but wait", "stop", "I see a problem", "no"])
def test_who_wants_the_floor_says_something_else(text: str) -> None:
    assert not is_backchannel(text)


def test_transcripts_are_the_same_by_their_words() -> None:
    assert same_words("Where is it?", "where is it")
    assert not same_words("where is it", "where is it now")
