"""Kinds of text that people reported as cut too late, or sent although nobody should hear them."""

# ruff: noqa: RUF001 - other scripts' marks are this module's subject

from __future__ import annotations

import pytest

from voicekit.text.preparer import Preparer

REPLIES = {  # each with its first fragment
    "zh": ("你好，欢迎致电。我们的营业时间是九点到六点。请问有什么可以帮您？", "你好，"),
    "ja": ("お電話ありがとうございます。営業時間は九時からです。", "お電話ありがとうございます。"),
    "hi": ("नमस्ते आप कैसे हैं। हम नौ बजे खुलते हैं। धन्यवाद।", "नमस्ते आप कैसे हैं।"),
    "ar": ("كيف يمكنني مساعدتك؟ نحن نفتح في التاسعة. شكرا لك.", "كيف يمكنني مساعدتك؟"),
    "ur": ("ہم نو بجے کھلتے ہیں۔ آپ کا شکریہ۔ پھر ملیں گے۔", "ہم نو بجے کھلتے ہیں۔"),
}


def fragments(text: str, size: int) -> list[tuple[int, str, str]]:
    """Each fragment with the characters that had come by then, what is said, and its source."""
    preparer = Preparer(normalise=False) if not text.isascii() else Preparer()
    cut = [
        (at + size, one.spoken, one.source)
        for at in range(0, len(text), size)
        for one in preparer.feed(text[at : at + size])
    ]
    return cut + [(len(text), one.spoken, one.source) for one in preparer.finish()]


@pytest.mark.parametrize("language", REPLIES)
def test_a_script_without_spaces_or_full_stops_is_cut_at_its_own_marks(language: str) -> None:
    text, first = REPLIES[language]
    cut = fragments(text, 1)
    assert cut[0][2] == first
    assert cut[0][0] == len(first)  # as soon as its mark is there
    assert "".join(source for _, _, source in cut) == text
    assert [one[1:] for one in fragments(text, 7)] == [one[1:] for one in cut]


def test_a_mark_within_its_own_quotation_marks_waits_for_their_end() -> None:
    cut = [source for *_, source in fragments("彼は「はい。」と言いました。それだけです。", 2)]
    assert cut[0] == "彼は「はい。」"
    assert "".join(cut) == "彼は「はい。」と言いました。それだけです。"


THOUGHTS = (
    "<think>I should greet. Then, I ask what it is.</think>Hello there, my friend. How are you?"
)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 100])
def test_thoughts_delay_no_fragment_after_them_and_are_never_sent(size: int) -> None:
    cut = fragments(THOUGHTS, size)
    assert next(spoken for _, spoken, _ in cut if spoken.strip()) == "Hello there, "
    said = "".join(spoken for _, spoken, _ in cut)
    assert " ".join(said.split()) == "Hello there, my friend. How are you?"
    assert "".join(source for *_, source in cut) == THOUGHTS
