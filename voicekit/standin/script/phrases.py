"""A sentence as the terms that retrieval compares: words, pairs of words, trigrams of letters."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from typing import Any

FILLER = 0.25
PAIR = 0.3
TRIGRAM = 0.35

_NUMBERS = re.compile(r"\b[a-z]{0,2}-?\d[\d.,:-]*\b")
_WORD = re.compile(r"[a-z]+")
_ENDINGS = ("ing", "ed", "es", "s", "e")
_LONGEST = 400
"""Characters that are compared; a longer speech is judged by its beginning."""


def terms(text: str) -> Counter[str]:
    """The terms of `text` with their counts: `word`, `one word`, `#tri`."""
    found = [stem(word) for word in _WORD.findall(_plain(text[:_LONGEST]))]
    counts = Counter(found)
    counts.update(f"{one} {two}" for one, two in pairwise(found))
    for padded in (f"_{word}_" for word in found if word not in fillers()):
        counts.update(f"#{padded[i : i + 3]}" for i in range(len(padded) - 2))
    return counts


def weight(term: str) -> float:
    """How much a kind of term counts beside a plain word's 1."""
    if term.startswith("#"):
        return TRIGRAM
    if " " in term:
        return PAIR
    return FILLER if term in fillers() else 1.0


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """A word without its commonest English endings, as the first of its synonyms."""
    word = _synonyms().get(word, word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@cache
def fillers() -> frozenset[str]:
    """Words said around what is meant, as stems."""
    return frozenset(stem(word) for word in table()["fillers"])


def _plain(text: str) -> str:
    """Lower case, contractions written out, numbers left out."""
    text = text.lower().replace("\u2019", "'")
    for short, full in table()["contractions"].items():
        text = text.replace(short, full)
    return _NUMBERS.sub(" ", text)


@cache
def _synonyms() -> dict[str, str]:
    return {word: row[0] for row in table()["synonyms"] for word in row}


@cache
def table() -> dict[str, Any]:
    """The words of `data/words.toml`."""
    file = resources.files("voicekit.standin").joinpath("data/words.toml")
    return tomllib.loads(file.read_text("utf-8"))
