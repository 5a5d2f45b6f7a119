"""What is believed to be heard is never more than what was played."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicekit.standin.answer.playout import LAG, Playout, whole_words

TEXT = "Your parcel, number 1042, is on its way; it should be there on Friday at noon."
pieces = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 12), st.floats(0.02, 1)), max_size=9)


@given(pieces, st.floats(0, LAG), st.floats(-1, 9))
def test_what_was_heard_is_a_prefix_of_what_a_client_has_played(sent, delay, cut):
    """The client plays what it gets, up to `LAG` late, and stops at `cut`."""
    playout, owner = Playout(), object()
    now = played_until = 0.0
    played = said = 0
    for gap, chars, seconds in sent:
        now += gap
        times = tuple((said + index + 1, seconds * (index + 1) / chars) for index in range(chars))
        playout.lay(owner, seconds, times, now)
        begins = max(now + delay, played_until)
        played_until = begins + seconds
        played = max([played, *(count for count, at in times if begins + at <= cut + 1e-9)])
        said += chars
    heard = playout.heard(owner, cut - LAG)
    assert heard <= played
    assert TEXT[:played].startswith(whole_words(TEXT, min(heard, len(TEXT))))


@given(st.text(), st.integers(0, 99))
def test_whole_words_are_a_prefix_and_end_with_a_word(text, count):
    words = whole_words(text, count)
    assert text[:count].startswith(words)
    rest = text[len(words) :]
    assert not words or not rest or rest[0].isspace()


def test_two_statements_of_one_turn_are_told_apart():
    playout, first, second = Playout(), object(), object()
    playout.lay(first, 1.0, ((1, 0.5), (2, 1.0)), 0.0)
    assert playout.lay(second, 1.0, ((1, 0.5), (2, 1.0)), 0.1) == 1.0
    assert [playout.heard(first, 1.6), playout.heard(second, 1.6)] == [2, 1]
    assert playout.ends == 2.0
