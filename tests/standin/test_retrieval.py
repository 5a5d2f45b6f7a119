from __future__ import annotations

import tomllib
from pathlib import Path

from voicekit.standin.script import retrieval
from voicekit.standin.script.intents import intents
from voicekit.standin.script.itn import words

HELD_OUT = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "paraphrases.toml").read_text("utf-8")
)
# Floors a little under what was measured: 115 of 126 (91.3 %) and 23 of 25.
ON_TOPIC_FLOOR = 0.88
OFF_TOPIC_FLOOR = 0.84


def test_there_are_enough_intents_said_in_enough_ways() -> None:
    assert len(intents()) >= 40
    assert min(len(set(intent.phrasings)) for intent in intents()) >= 6
    assert len({intent.name for intent in intents()}) == len(intents())


def test_every_phrasing_finds_its_own_intent() -> None:
    said = [(text, intent) for intent in intents() for text in intent.phrasings]
    wrong = [text for text, intent in said if retrieval.best(text).intent is not intent]  # type: ignore[union-attr]
    assert wrong == []


def test_an_intent_that_needs_a_slot_asks_for_one_that_exists() -> None:
    for intent in intents():
        if intent.needs:
            assert intent.ask.endswith("?")
            assert intent.needs in words()["questions"]


def test_held_out_paraphrases_find_their_intent() -> None:
    phrasings = {text for intent in intents() for text in intent.phrasings}
    said = [(name, text) for name, texts in HELD_OUT["on_topic"].items() for text in texts]
    assert len(said) >= 80
    assert not phrasings & {text.lower() for _, text in said}
    found = [(name, retrieval.best(text)) for name, text in said]
    right = sum(match is not None and match.intent.name == name for name, match in found)
    print(f"held-out paraphrases: {right} of {len(said)}")
    assert right / len(said) >= ON_TOPIC_FLOOR


def test_held_out_sentences_off_topic_find_nothing() -> None:
    off_topic = HELD_OUT["off_topic"]
    refused = sum(retrieval.best(text) is None for text in off_topic)
    print(f"off-topic sentences: {refused} of {len(off_topic)}")
    assert refused / len(off_topic) >= OFF_TOPIC_FLOOR


def test_a_sentence_without_a_known_letter_finds_nothing() -> None:
    assert retrieval.best("") is None
    assert retrieval.best("1042 !?") is None
    assert retrieval.best("你好") is None
