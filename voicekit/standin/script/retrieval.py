"""Finding the intent that is nearest to a sentence, by TF-IDF.

No learning and no randomness: the same sentence finds the same intent with the same score.
Words catch the meaning; trigrams of letters forgive a recogniser's slips and grammar's endings.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache

from voicekit.standin.script import phrases
from voicekit.standin.script.intents import Intent, intents

THRESHOLD = 0.30
"""Nearness below which a sentence counts as off topic."""

CONFIDENT = 0.55
"""Nearness from which a sentence is a topic of its own, whatever was being talked about."""

WHOLE = 1.0
"""How much all of an intent's phrasings together count beside the nearest one."""


@dataclass(frozen=True)
class Match:
    """An intent and how near it is, from 0 to 1."""

    intent: Intent
    score: float


def best(text: str) -> Match | None:
    """The nearest intent, or None when nothing is near enough."""
    match = nearest(text)
    return match if match and match.score >= THRESHOLD else None


def nearest(text: str) -> Match | None:
    """The nearest intent, however far; None when not one term is known."""
    return _index().nearest(text)


class _Index:
    """Every phrasing, and every intent as a whole, as a vector of length 1."""

    def __init__(self) -> None:
        self.intents = intents()
        spoken = [[phrases.terms(text) for text in intent.phrasings] for intent in self.intents]
        users = Counter(term for texts in spoken for term in set().union(*texts))
        # A term that many intents use says little, however rare it is in each of them.
        self.rarity = {term: math.log(len(spoken) / n) + 0.1 for term, n in users.items()}
        self.unknown = math.log(len(spoken)) + 0.1
        self.phrasings: defaultdict[str, list[tuple[int, int, float]]] = defaultdict(list)
        self.wholes: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        for owner, texts in enumerate(spoken):
            for number, counts in enumerate(texts):
                for term, weight in self._unit(counts).items():
                    self.phrasings[term].append((owner, number, weight))
            for term, weight in self._unit(sum(texts, Counter())).items():
                self.wholes[term].append((owner, weight))

    def nearest(self, text: str) -> Match | None:
        """The intent with the best score; on a tie the first in the file."""
        close: defaultdict[tuple[int, int], float] = defaultdict(float)
        whole: defaultdict[int, float] = defaultdict(float)
        for term, weight in self._unit(phrases.terms(text)).items():
            for owner, number, other in self.phrasings.get(term, ()):
                close[owner, number] += weight * other
            for owner, other in self.wholes.get(term, ()):
                whole[owner] += weight * other
        scores: dict[int, float] = {}
        for (owner, _), score in close.items():
            mixed = (score + WHOLE * whole[owner]) / (1 + WHOLE)
            scores[owner] = max(scores.get(owner, 0.0), mixed)
        if not scores:
            return None
        found = max(scores, key=lambda owner: (scores[owner], -owner))
        return Match(self.intents[found], scores[found])

    def _unit(self, counts: Counter[str]) -> dict[str, float]:
        """Weights with length 1; a term that no phrasing has makes the sentence longer, too."""
        weights = {
            term: math.sqrt(n) * self.rarity.get(term, self.unknown) * phrases.weight(term)
            for term, n in counts.items()
        }
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {term: weight / length for term, weight in weights.items()}


@cache
def _index() -> _Index:
    return _Index()
