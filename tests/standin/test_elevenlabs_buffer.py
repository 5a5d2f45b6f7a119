from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicekit.standin.speech.buffer import TextBuffer


def words(characters: int) -> str:
    return ("word " * characters)[:characters]


def test_generation_starts_when_the_schedules_entry_is_reached_and_then_takes_the_next():
    buffer = TextBuffer()
    assert buffer.feed(words(115)) == ""
    assert buffer.feed("word ") == words(120)
    assert buffer.feed(words(155)) == ""
    assert buffer.feed("word ") == words(160)


def test_the_schedule_stays_on_its_last_entry():
    buffer = TextBuffer([50, 60])
    sizes = [len(buffer.feed(words(60))) for _ in range(4)]
    assert sizes == [60, 60, 60, 60]
    assert buffer.feed(words(55)) == ""


def test_a_segment_ends_with_a_whole_word_unless_the_text_does():
    buffer = TextBuffer([50])
    assert buffer.feed(words(50) + "infor") == words(50)
    assert buffer.feed("mation ", flush=True) == "information "


def test_a_number_that_may_go_on_is_not_cut():
    buffer = TextBuffer([50])
    assert buffer.feed(words(50) + "3.") == words(50)
    assert buffer.feed("14 ", flush=True) == "3.14 "


def test_text_without_any_space_is_spoken_whole():
    assert TextBuffer([50]).feed("a" * 70) == "a" * 70


def test_flush_speaks_what_there_is_and_nothing_when_there_is_nothing():
    buffer = TextBuffer()
    assert buffer.feed("Hi") == ""
    assert buffer.feed("", flush=True) == "Hi"
    assert buffer.feed("", flush=True) == ""
    assert buffer.feed(" ", flush=True) == ""


def test_trying_to_trigger_needs_fifty_characters_whatever_the_schedule():
    buffer = TextBuffer()
    assert buffer.feed(words(45), trigger=True) == ""
    assert buffer.feed("word ", trigger=True) == words(50)


def test_auto_mode_speaks_each_phrase_at_once_and_keeps_a_half_word():
    buffer = TextBuffer(auto_mode=True)
    assert buffer.feed("Hello there, ") == "Hello there, "
    assert buffer.feed("your total is $5.") == "your total is $5."
    assert buffer.feed(" infor") == ""
    assert buffer.feed("mation.") == " information."


def test_keep_alives_add_nothing_but_a_space_between_words_is_kept():
    buffer = TextBuffer()
    for _ in range(3):
        buffer.feed(" ")
    assert len(buffer) == 0
    for token in ("Hello", " ", " ", "world", ".", " "):
        buffer.feed(token)
    assert buffer.feed("", flush=True) == "Hello world. "
    buffer.feed(" ")
    assert len(buffer) == 0


@given(
    st.lists(st.text(alphabet="ab1.,! é", max_size=90), max_size=30),
    st.booleans(),
    st.booleans(),
)
def test_all_text_comes_out_once_in_order_but_for_keep_alive_spaces(texts, auto_mode, trigger):
    buffer = TextBuffer([50], auto_mode)
    spoken = "".join(buffer.feed(text, trigger=trigger) for text in texts)
    spoken += buffer.feed("", flush=True)
    assert spoken.split() == "".join(texts).split()
    if not any(text.isspace() for text in texts):
        assert spoken == "".join(texts)[: len(spoken)]
        assert "".join(texts)[len(spoken) :].strip() == ""
