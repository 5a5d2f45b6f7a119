"""What a model thinks aloud, in a stream that is cut anywhere."""

from __future__ import annotations

import pytest

from voicekit.webhook.thoughts import Thoughts

STREAMS = {
    "<think>A plan.</think>Hello.": "Hello.",
    "<think>\nA plan.\n</think>\n\nHello.": "Hello.",
    "<THINKING>One.\n\nTwo.</Thinking>Hello.": "Hello.",
    "Hello.<think>And now?</think> Good.": "Hello. Good.",
    "<think>One.</think>Hello. <think>Two.</think>Good.": "Hello. Good.",
    "<think></think>Hello.": "Hello.",
    "<think>a<think>b</think>c</think>Hello.": "Hello.",
    "<think>a<reasoning>b</reasoning>c</think>Hello.": "Hello.",
    "<think>It says <think> twice.</think>Hello.": "Hello.",  # one end is missing, no word is
    "Hello. <think>And so on": "Hello. ",
    "</think>Hello.": "Hello.",
    "Hello <thin": "Hello <thin",
    "a < b, and c <d> e <": "a < b, and c <d> e <",
    "Write `<think>` before it.": "Write `<think>` before it.",
    "\n\nHello.": "\n\nHello.",
    "I think so.": "I think so.",
}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("text", STREAMS)
def test_thoughts_are_left_out_however_the_stream_is_cut(text, size):
    thoughts = Thoughts()
    answer = "".join(thoughts.take(text[at : at + size]) for at in range(0, len(text), size))
    assert answer + thoughts.end() == STREAMS[text]


def test_words_are_passed_on_at_once_unless_a_tag_may_have_begun():
    thoughts = Thoughts()
    assert thoughts.take("Hello, ") == "Hello, "
    assert thoughts.take("one <") == "one "
    assert thoughts.take(" two") == "< two"
    assert thoughts.take("<think>") == ""
    assert thoughts.take("A plan.</think>") == ""
    assert thoughts.take("Good.") == "Good."


def test_a_long_thought_is_not_kept():
    thoughts = Thoughts()
    thoughts.take("<think>")
    for _ in range(1000):
        thoughts.take("word ")
    assert len(thoughts._text) < 20
