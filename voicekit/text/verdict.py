"""What a mark in a text is: where a sentence or a clause ends, or no boundary."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(enum.Enum):
    """What a mark in the text is."""

    SENTENCE = "the end of a sentence"
    CLAUSE = "the end of a clause"
    NONE = "no boundary"
    WAIT = "not known yet"
    THOUGHT = "the end of a model's thoughts, which are not said"
    LIKELY = "the end of a sentence, unless it goes on in an unlikely way: .com"


@dataclass(frozen=True)
class Mark:
    """A judged mark: what it is, and where the text before the boundary ends."""

    verdict: Verdict
    end: int
