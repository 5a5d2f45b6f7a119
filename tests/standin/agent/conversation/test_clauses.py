"""Where text is cut for the voice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicekit.standin.answer.statement import Cutter


def cut(*pieces: str) -> list[str]:
    cutter = Cutter()
    found = [part for piece in pieces for part in cutter.feed(piece)]
    return [*found, cutter.flush()]


@given(st.lists(st.text(alphabet="ab1 .,;:!?-\n\u2026")))
def test_the_pieces_are_the_text(pieces):
    assert "".join(cut(*pieces)) == "".join(pieces)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "Yes, of course. I can do that. Now.",
            ["Yes,", " of course.", " I can do that.", " Now."],
        ),
        ("It costs $1,234.50 today, all in.", ["It costs $1,234.50 today,", " all in."]),
        ("Dr. Smith knows you. Hello.", ["Dr. Smith knows you.", " Hello."]),
        (
            "The return window for all orders is long.",
            ["The return window", " for all orders is long."],
        ),
        ("It opens at 9:30 daily.", ["It opens at 9:30 daily."]),
    ],
)
def test_the_first_piece_is_a_clause_and_the_others_are_sentences(text, parts):
    assert [part for part in cut(*text) if part] == parts


def test_a_certain_end_needs_no_look_ahead():
    assert Cutter().feed("Hello!") == ["Hello!"]


def test_a_token_that_is_a_word_is_one_without_a_look_at_the_next():
    assert cut("Our", " stores", " open", " on", " Sunday.")[0] == "Our stores open"
    cutter = Cutter()
    assert [cutter.feed(token) for token in ("Our", " stores", " open", " on")][-1]
