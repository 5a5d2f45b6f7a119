# ruff: noqa: RUF001 - typographic dashes and quotes are the subject

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.text import LANGUAGES, corpus
from voicekit.text.preparer import Fragment, Preparer, prepare

_REPLIES = [
    "Of course. I can help with that, and your refund of $1,234.50 arrives on Nov. 21.",
    "Dr. Smith, e.g., lives at 12 St. James Rd. near J. R. Jones; he is in at 9:30 a.m. Monday.",
    'She said "Really?!" and left. "Yes!" he cried (it was late!). Then... nothing. Wait… why?',
    "# Title\n\n- **First:** do it, now\n- 2nd `x.y, z` [a, b. c](https://a.com/x,y)\n\n1. One!\n",
    "Call +1 (555) 123-4567 or mail help@shop.example.com, see example.com/a?b=c. OK? Bye.",
    "| Plan | Price, net. |\n|---|---|\n| Pro | $5.00 |\n\nLook:\n```py\nx = 1. # Y!\n```\nDone.",
    "Version v2.5.1 costs 5-7 € (or 3,5 %) — not 5. It is 14:30. See fig. 3, No. 5, vol. 2!",
    "no marks at all but words and more words which go on and on until nobody can follow any more",
    "Tom &amp; Jerry 🎉! On Tuesday, November 5, 2026, we meet: at noon.\nA line\nand 3 more. Bye",
    "Yes. No. Hi. I am. He is here now. It is good to see you. Thanks. You are welcome. Goodbye.",
]
_WRITTEN = """Hello_ |hello,_ |Of_course._ |Dr._ |Smith_ |e.g._ |$1,234.50|5|._ |.|,_ |,|!_ |?|…_
|..._ |:_ |;_ |—_ |_–_ |Nov._ |21|2026-11-21|9:30_ |a.m._ |U.S._ |J._ |Mon,_ |(|)_ |"|"_ |“
|”_ |**|*
|`|```⏎|⏎|⏎⏎|#_ |-_ |1._ |[a,_b](c.d)_ |[|](|x_ |help@a.com|example.com/x,_ |we_ |that_ |and_
|Please_ |St._ |XIV_ |🎉_ |&amp;_ |<b>|~|3.5|%_ |No._ |I_ |'t_ |'s_ |é_ |½_ |\u200b|#5_ |/|@x_ |-
|_"""
_PIECES = [p.strip().replace("_", " ").replace("⏎", "\n") for p in _WRITTEN.split("|")] + [
    "| x |\n"
]


def _fed(tokens: list[str], language: str = "en", first: str = "clause") -> list[Fragment]:
    preparer = Preparer(language, "clause" if first == "clause" else "sentence")
    fragments = [fragment for token in tokens for fragment in preparer.feed(token)]
    return fragments + preparer.finish()


def _split(text: str, chance: random.Random) -> list[str]:
    count = chance.randrange(0, min(len(text), 30) + 1)
    cuts = sorted(chance.choices(range(len(text) + 1), k=count))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _random_texts(chance: random.Random, count: int) -> Iterator[str]:
    for _ in range(count):
        yield "".join(chance.choices(_PIECES, k=chance.randrange(1, 24)))


def _sound(text: str, fragments: list[Fragment]) -> None:
    """What holds for the fragments of every text."""
    assert "".join(fragment.source for fragment in fragments) == text
    at = 0
    for fragment in fragments:
        assert fragment.start == at
        at += len(fragment.source)
        assert fragment.source
        assert fragment.spoken == "" or re.fullmatch(r"\S(?s:.*\S)? ", fragment.spoken)
        assert "  " not in fragment.spoken
    for fragment in fragments[:-1]:
        assert len(re.findall(r"\w\S*", fragment.source)) >= 2


def _traceable(fragment: Fragment) -> None:
    """What holds for the way back of every fragment."""
    heard = [fragment.heard(count) for count in range(len(fragment.spoken) + 2)]
    if fragment.spoken:
        assert heard[0] == 0
    assert heard == sorted(heard)
    assert heard[len(fragment.spoken)] == len(fragment.source)
    for place in set(heard):
        assert not re.fullmatch(r"\w\w", fragment.source[max(0, place - 1) : place + 1])


@pytest.mark.parametrize(
    ("texts", "least"), [(150, 1_000), pytest.param(1500, 10_000, marks=pytest.mark.extended)]
)
def test_random_splits_give_the_same_fragments(texts: int, least: int) -> None:
    chance = random.Random(20261121)
    tried = 0
    for text in [*_REPLIES * max(1, texts // 150), *_random_texts(chance, texts)]:
        expected = prepare(text)
        _sound(text, expected)
        for tokens in (list(text), *(_split(text, chance) for _ in range(6))):
            assert _fed(tokens) == expected, tokens
            tried += 1
    assert tried >= least


@given(st.text(max_size=80), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_any_text_gives_the_same_fragments_for_any_split(text: str, chance: random.Random) -> None:
    expected = prepare(text, first="sentence")
    _sound(text, expected)
    assert _fed(_split(text, chance), first="sentence") == expected


@pytest.mark.parametrize("language", [*LANGUAGES, "en-GB"])
def test_splits_do_not_matter_for_any_kind_of_text(language: str) -> None:
    chance = random.Random(7)
    cases = [case.written for case in corpus(language[:2])]
    for _ in range(60):
        text = " ".join(chance.sample(cases, 5))
        expected = prepare(text, language)
        _sound(text, expected)
        for tokens in (list(text), *(_split(text, chance) for _ in range(3))):
            assert _fed(tokens, language) == expected, tokens


def test_hungry_and_quiet_belong_to_a_place_in_the_text_not_to_a_token() -> None:
    chance = random.Random(3)
    for text in [*_REPLIES * 3, *_random_texts(chance, 150)]:
        places = {
            place: chance.choice("hqn") for place in chance.choices(range(len(text) + 1), k=6)
        }
        runs = [_driven(text, places, chance) for _ in range(4)]
        assert runs[1:] == runs[:-1]
        assert "".join(fragment.source for fragment in runs[0]) == text


def _driven(text: str, places: dict[int, str], chance: random.Random) -> list[Fragment]:
    preparer, fragments, at = Preparer(), [], 0
    for place, kind in sorted(places.items()):
        for token in _split(text[at:place], chance):
            fragments += preparer.feed(token)
        at = place
        fragments += preparer.feed("", hungry=kind == "h")
        fragments += preparer.quiet(hungry=kind == "q") if kind in "qn" else []
    return fragments + preparer.feed(text[at:]) + preparer.finish()


def test_the_way_back_is_monotone_and_never_within_a_word() -> None:
    chance = random.Random(5)
    for text in [*_REPLIES, *_random_texts(chance, 200)]:
        for fragment in [*prepare(text), *prepare(text, normalise=False)]:
            _traceable(fragment)


_WHOLE = """$1,234.50 | 3.14 | 2026-11-21 | 21/11/2026 | 9:30 | 9:30 a.m. | +1 (555) 123-4567
| 555-123-4567 | help@shop.example.com | https://example.com/a,b;c?d=1 | example.com | Dr. Smith
| e.g. this | i.e. that | Jan. 5 | 12 St. James | J. R. Jones | v2.5.1 | Nov 21, 2026 | U.S. law
| Tuesday, November 5, 2026 | 1,000,000 | [a, b. C](d.e) | `a, b. C!` | No. 5 | Mr. Bean
| 5 p.m. Monday | 10.5% | Fig. 3 | 192.168.0.1 | A-1042 | Node.js | Feb. 29 | St. Louis"""


@pytest.mark.parametrize("whole", [whole.strip() for whole in _WHOLE.split("|")])
@pytest.mark.parametrize("frame", ["So {} it is then", "I said {}, and she left.", "{} we saw."])
def test_no_cut_falls_within(whole: str, frame: str) -> None:
    text = frame.format(whole)
    begin = text.index(whole)
    inside = range(begin + 1, begin + len(whole))
    for preparer, hungry in ((Preparer(), True), (Preparer(), False)):
        fragments = [f for char in text for f in preparer.feed(char, hungry)] + preparer.finish()
        assert not {fragment.start for fragment in fragments} & set(inside), fragments


@pytest.mark.parametrize(
    ("tokens", "ready"),
    [
        (["Of", " course", ","], "Of course, "),
        (["Of", " course", "!"], "Of course! "),
        (["Is", " it", "?"], "Is it? "),
        (["You", " know", ";"], "You know; "),
        (["Well", " then", "—"], "Well then— "),
        (["# Your", " order", "\n"], "Your order. "),
    ],
)
def test_a_certain_boundary_is_released_without_the_next_token(
    tokens: list[str], ready: str
) -> None:
    preparer = Preparer()
    released = [preparer.feed(token) for token in tokens]
    assert [[f.spoken for f in fragments] for fragments in released] == [[], [], [ready]]


def test_a_full_stop_waits_for_the_next_token_or_for_a_pause() -> None:
    preparer = Preparer()
    assert preparer.feed("Of course.") == []
    assert [fragment.spoken for fragment in preparer.quiet()] == ["Of course. "]
    preparer = Preparer()
    assert preparer.feed("Of course.") == []
    assert [fragment.spoken for fragment in preparer.feed(" I")] == ["Of course. "]


@pytest.mark.parametrize(
    "text",
    ["I met Dr.", "It is 5.", "It costs $5.", "See [our docs", "at 9 a.m.", "run `x.", "J. R."],
)
def test_a_pause_releases_nothing_that_may_well_go_on(text: str) -> None:
    preparer = Preparer()
    assert preparer.feed(text) == []
    assert preparer.quiet() == []


def test_after_the_first_clause_come_sentences() -> None:
    text = (
        "If you like, I can, for instance, send it today. Or tomorrow, if that is better for you."
    )
    assert [fragment.source for fragment in prepare(text)] == [
        "If you like,",
        " I can, for instance, send it today.",
        " Or tomorrow, if that is better for you.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "We send approx. three parcels a day to you.",
        "It has a max. weight of two kilos.",
        "Our shop in the cit. centre is open.",
        "She said no. and went away.",
    ],
)
def test_a_full_stop_before_a_lower_case_word_ends_no_sentence(text: str) -> None:
    for tokens in ([text], list(text)):
        assert [fragment.source for fragment in _fed(tokens, first="sentence")] == [text]


@pytest.mark.parametrize("after", ["", " ", " I"])
def test_a_pause_keeps_a_whole_sentence_while_the_player_has_something_to_play(after: str) -> None:
    preparer = Preparer()
    spoken = preparer.feed(f"Here is the new plan. It is all done by now.{after}")
    assert [fragment.source for fragment in spoken] == ["Here is the new plan."]
    assert preparer.quiet(hungry=False) == []
    assert [fragment.source for fragment in preparer.quiet()] == [" It is all done by now."]


def test_a_hungry_player_gets_the_last_clause() -> None:
    preparer = Preparer()
    preparer.feed("If you like, I can, for instance, send")
    assert [fragment.source for fragment in preparer.feed(" it", hungry=True)] == [
        " I can, for instance,"
    ]


def test_a_first_sentence_is_waited_for_though_nothing_plays_yet() -> None:
    preparer = Preparer(first="sentence")
    tokens = ["If you like, I can", " send it", " today.", " Or tomorrow, if"]
    released = [[f.source for f in preparer.feed(token, hungry=True)] for token in tokens]
    assert released == [[], [], [], ["If you like, I can send it today.", " Or tomorrow,"]]


def test_without_any_mark_the_first_fragment_ends_before_a_small_word() -> None:
    text = "I think that we should probably go and see whether the thing is there"
    assert prepare(text)[0].source == "I think that we should probably go "
    assert len(prepare(text, first="sentence")) == 1
    assert prepare("Here is the plan for you and for me.")[0].source == "Here is the plan "
    assert len(prepare("I think we should.")) == 1  # three words are too few to stand alone


def test_short_sentences_join_the_next_unless_hungry() -> None:
    text = "Here is the new plan. Great. Now we can go home. Bye."
    sources = [fragment.source for fragment in prepare(text)]
    assert sources == ["Here is the new plan.", " Great. Now we can go home. Bye."]
    preparer = Preparer()
    preparer.feed("Here is the new plan. It")
    assert [f.source for f in preparer.feed(" is done. We", hungry=True)] == [" It is done."]


def test_closing_quotes_and_brackets_stay_with_their_sentence() -> None:
    text = 'He said "I am here!" (It was true.) Then he went away again.'
    assert [f.source for f in prepare(text, first="sentence")] == [
        'He said "I am here!"',
        " (It was true.) Then he went away again.",
    ]


def test_a_block_of_code_is_mentioned_and_not_read() -> None:
    text = "Run this:\n```python\nprint('a. B!')\n```\nThen tell me what you see."
    said = "".join(fragment.spoken for fragment in prepare(text))
    assert said == "Run this: Code skipped. Then tell me what you see. "
    assert prepare("```\nnever closed")[0].spoken == "Code skipped. "


def test_marks_that_never_close_are_silent_all_the_same() -> None:
    assert prepare("This is **bold and so on")[0].spoken == "This is bold and so on "
    assert prepare("See [the docs and so on")[0].spoken == "See the docs and so on "


@pytest.mark.parametrize("text", ["Hello!", "Hello", " Hello.\n"])
def test_a_reply_of_one_word_is_one_fragment(text: str) -> None:
    assert len(prepare(text)) == 1


@pytest.mark.parametrize("text", [" \n ", "🎉", "---", "**"])
def test_a_reply_with_nothing_to_say_keeps_its_source(text: str) -> None:
    assert [(fragment.spoken, fragment.source) for fragment in prepare(text)] == [("", text)]


def test_no_text_gives_no_fragment() -> None:
    assert prepare("") == []


def test_a_preparer_takes_one_text_after_the_other() -> None:
    preparer = Preparer()
    first = preparer.feed(_REPLIES[0]) + preparer.finish()
    assert preparer.feed(_REPLIES[0]) + preparer.finish() == first


def test_without_normalising_the_words_go_out_as_they_came() -> None:
    fragment = prepare("Pay $5  on\nMay 1.", normalise=False)[0]
    assert fragment.spoken == "Pay $5 on May 1. "
    assert fragment.source[: fragment.heard(len("Pay $5 on"))] == "Pay $5  on"


def test_a_long_text_without_marks_takes_time_in_proportion() -> None:
    text = "word " * 50_000 + "[" * 500 + "(" * 500 + "`" * 500 + "." * 5000
    assert "".join(fragment.source for fragment in prepare(text)) == text


def test_a_language_without_rules_is_cut_but_not_normalised() -> None:
    text = "Bien sûr, il coûte seulement 5 €. Voulez-vous le prendre ?"
    said = [fragment.spoken for fragment in prepare(text, "fr", normalise=False)]
    assert said == ["Bien sûr, ", "il coûte seulement 5 €. ", "Voulez-vous le prendre ? "]
    with pytest.raises(ValueError, match="normalise=False"):
        prepare(text, "fr")
