"""The vendor's own controls within a text: passed on to who reads them, left out for the others."""

from __future__ import annotations

import random

import pytest

from voicekit.speech.channel import Address
from voicekit.text.controls import read_by
from voicekit.text.preparer import Fragment, Preparer, prepare
from voicekit.world.keys import Secret

CONTROLS = {
    "break": ('<break time="1.5s" />', '<break time="0.5s"/>'),
    "phoneme": (
        '<phoneme alphabet="ipa" ph="mædi. s, n">Madison</phoneme>',
        '<phoneme alphabet="cmu-arpabet" ph="T OW1. M, AA">tomato salad</phoneme>',
    ),
    "audio_tag": ("[laughs]", "[short pause]", "[whispers softly, then sighs]"),
}
MODELS = {
    "eleven_flash_v2": {"break", "phoneme"},
    "eleven_flash_v2_5": {"break"},
    "eleven_multilingual_v2": {"break"},
    "eleven_v3": {"audio_tag"},
    "eleven_v4_turbo": {"audio_tag"},
    "a model of tomorrow": set(),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("control", [c for controls in CONTROLS.values() for c in controls])
def test_a_control_reaches_only_a_model_that_reads_it(
    model: str, normalise: bool, control: str
) -> None:
    kind = next(kind for kind, controls in CONTROLS.items() if control in controls)
    text = f"Well, I am glad {control} that you called us today."
    said = "".join(f.spoken for f in prepare(text, normalise=normalise, model=model))
    assert (control in said) == (kind in MODELS[model])
    if kind not in MODELS[model]:
        word = control.partition(">")[2].partition("<")[0] if kind == "phoneme" else ""
        expected = " ".join(text.replace(control, word).split())
        assert said.strip() == expected


def test_words_in_brackets_that_direct_nobody_are_said() -> None:
    assert prepare("Read [the small print] first.")[0].spoken == "Read the small print first. "
    assert prepare("See [our docs](https://x.example) now.", model="eleven_v3")[0].spoken == (
        "See our docs now. "
    )


def _texts(chance: random.Random) -> list[str]:
    controls = [control for kind in CONTROLS.values() for control in kind]
    words = ["Well, ", "I think that ", "we are open. ", "It costs $5, ", "<b", "[a", " < ", "and "]
    return [
        "".join(
            chance.choice((*controls, *words, *words)) + chance.choice(("", " "))
            for _ in "12345678"
        )
        for _ in range(60)
    ]


@pytest.mark.parametrize("model", ["eleven_flash_v2", "eleven_v3", None])
def test_no_split_changes_a_fragment_and_no_fragment_ends_within_a_control(
    model: str | None,
) -> None:
    chance = random.Random(16)
    for text in _texts(chance):
        expected = prepare(text, model=model)
        assert "".join(fragment.source for fragment in expected) == text
        preparer, fragments, at = Preparer(model=model), list[Fragment](), 0
        while at < len(text):
            size = chance.randrange(1, 7)
            fragments += preparer.feed(text[at : at + size])
            at += size
        assert fragments + preparer.finish() == expected
        for kind in read_by(model):
            for control in CONTROLS[kind]:
                whole = sum(fragment.source.count(control) for fragment in expected)
                assert whole == text.count(control)


@pytest.mark.parametrize("model", MODELS)
def test_the_socket_is_told_that_tags_will_come_if_the_model_reads_them(model: str) -> None:
    url = Address("https://api.example", Secret.of("k"), "voice", model, 22050).url("stream-input")
    assert ("enable_ssml_parsing=true" in url) == bool(MODELS[model] & {"break", "phoneme"})
