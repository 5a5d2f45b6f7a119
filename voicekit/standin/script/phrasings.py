"""The sentences that callers of the support desk are expected to say, for the recogniser.

Pure: from `data/intents.toml` and `data/grammar.toml` to plain lower-case words. The recogniser
learns from them which words follow which; it is not bound to the sentences themselves.
"""

from __future__ import annotations

import itertools
import random
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from voicekit.standin.script.intents import intents

VARIANTS = 24
"""Sentences at most from one line, drawn with a fixed seed: no line outweighs the others."""
NUMBERED = 48
"""The same of the lines about `NUMBERS`, of which there are more to know."""
NUMBERS = frozenset({"numbers", "amounts", "times", "dates", "counts", "phones"})

_SLOT = re.compile(r"<(\w+)>")
_CHOICE = re.compile(r"\(([^()]*)\)")
_CONTRACTIONS = {
    "i would": "i'd", "i am": "i'm", "i have": "i've", "i will": "i'll", "is not": "isn't",
    "do not": "don't", "does not": "doesn't", "did not": "didn't", "has not": "hasn't",
    "have not": "haven't", "will not": "won't", "cannot": "can't", "can not": "can't",
    "what is": "what's", "where is": "where's", "who is": "who's", "it is": "it's",
    "that is": "that's", "there is": "there's",
}  # fmt: skip


@cache
def sentences() -> tuple[str, ...]:
    """Every sentence to expect, some of them several times."""
    chance = random.Random(7)  # noqa: S311 - which examples are drawn keeps no secret
    found = []
    for intent in intents():
        for phrasing in intent.phrasings:
            plain = " ".join(re.findall(r"[a-z']+", phrasing.lower()))
            found += [plain] * 3 + [short for short in [contracted(plain)] if short != plain] * 3
    for about, lines in _data()["lines"].items():
        for line in lines:
            found += _expanded(line, chance, NUMBERED if about in NUMBERS else VARIANTS)
    return tuple(found)


def pronunciations() -> dict[str, str]:
    """Words that the recogniser's own dictionary lacks, in its phones."""
    return dict(_data()["pronunciations"])


@cache
def proper_names() -> re.Pattern[str]:
    """Days, months, places and people of the grammar, which are written with a capital."""
    slots = _data()["slots"]
    names = [
        name for kind in ("weekday", "month", "city", "country", "name") for name in slots[kind]
    ]
    # "may" is a month only behind a number or a preposition; it stays as it is.
    return re.compile(rf"\b(?:{'|'.join(name for name in names if name != 'may')})\b")


def contracted(text: str) -> str:
    """`text` with its short forms: "i would" as "i'd"."""
    for long, short in _CONTRACTIONS.items():
        text = re.sub(rf"\b{long}\b", short, text)
    return text


@cache
def _data() -> dict[str, Any]:
    file = resources.files("voicekit.standin").joinpath("data/grammar.toml")
    return tomllib.loads(file.read_text("utf-8"))


def _expanded(line: str, chance: random.Random, most: int) -> Iterator[str]:
    """`most` sentences of a line, or one for each way to read it if those are fewer."""
    choices = [match[1].split("|") for match in _CHOICE.finditer(line)]
    ways = list(itertools.islice(itertools.product(*choices), 20_000))
    if "<" not in line:
        ways = ways if len(ways) <= most else chance.sample(ways, most)
    else:
        ways = [chance.choice(ways) for _ in range(most)]
    for way in ways:
        text = line
        for part in way:  # one choice after the other, from the left
            text = _CHOICE.sub(part, text, count=1)
        yield " ".join(_filled(text, chance).split())


def _filled(text: str, chance: random.Random) -> str:
    """`text` with a value drawn for every slot, and for the slots in that value."""
    slots = _data()["slots"]
    while _SLOT.search(text):
        text = _SLOT.sub(lambda match: chance.choice(slots[match[1]]), text)
    return text
