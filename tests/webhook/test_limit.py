from __future__ import annotations

import pytest

from voicekit.webhook.limit import Limit

REPLY = "Hello, Dr. Smith! That is $3.50, at 5 p.m. on acme.com. Anything else? Goodbye now."


def said(limit: Limit, tokens: list[str]) -> str:
    return "".join(limit.take(token) for token in tokens)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("sentences", "kept"),
    [
        (1, "Hello, Dr. Smith!"),
        (2, "Hello, Dr. Smith! That is $3.50, at 5 p.m. on acme.com."),
        (3, "Hello, Dr. Smith! That is $3.50, at 5 p.m. on acme.com. Anything else?"),
        (4, REPLY),
        (9, REPLY),
    ],
)
def test_so_many_sentences_are_kept_however_the_text_was_split(sentences, kept, size):
    tokens = [REPLY[n : n + size] for n in range(0, len(REPLY), size)]
    assert said(Limit(sentences), tokens).rstrip() == kept


def test_a_hesitation_is_no_sentence():
    assert said(Limit(1), ["Hmm... ", "Let me see. ", "There."]).rstrip() == "Hmm... Let me see."


def test_a_german_ordinal_ends_nothing():
    assert (
        said(Limit(1, None, "de"), ["Am 5. November kommt er. Gut."]) == "Am 5. November kommt er."
    )


def test_a_language_without_rules_is_cut_as_english_is():
    assert said(Limit(1, None, "fi"), ["Hei siellä. Mitä kuuluu?"]) == "Hei siellä."


def test_characters_end_at_a_word_if_there_is_one():
    assert said(Limit(None, 12), ["one two ", "three four"]) == "one two "
    assert said(Limit(None, 3), ["abcdef"]) == "abc"
