"""How near passages are to a question, by the words that they share.

Nearness is how much of what a question asks about a passage holds: the rarer a word is among the
passages, the more it counts. No learning and no randomness.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib import resources

from voicekit.standin.script import phrases

TRIGRAM = 0.2
"""How much three letters in common count beside a word in common."""

_WORD = re.compile(r"[a-z']+")


def scores(question: str, texts: Sequence[str]) -> list[float]:
    """The nearness of each text to a question, from 0 to 1."""
    held = [_terms(text) for text in texts]
    users = Counter(term for terms in held for term in terms)
    rarity = {term: math.log(1 + len(texts) / n) for term, n in users.items()}
    unknown = math.log(2 + len(texts))
    asked = {
        term: rarity.get(term, unknown) * (TRIGRAM if term.startswith("#") else 1.0)
        for term in _terms(question)
    }
    whole = sum(asked.values()) or 1.0
    return [math.fsum(asked[term] for term in asked if term in terms) / whole for terms in held]


def _terms(text: str) -> set[str]:
    """What a text is about: its words as stems, and trigrams of their letters."""
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    plain = " ".join(word for word in words if word not in _stop_words())
    # A pair of words is seldom the same in a question and in what answers it.
    return {term for term in phrases.terms(plain) if " " not in term}


@cache
def _stop_words() -> frozenset[str]:
    file = resources.files("voicekit.standin").joinpath("data/knowledge.toml")
    return frozenset(tomllib.loads(file.read_text("utf-8"))["stop_words"].split())
