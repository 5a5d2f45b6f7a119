"""When each character of a spoken passage sounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple


class Word(NamedTuple):
    """A stretch of sound: where its text begins, and its first and last sample."""

    char: int
    start: int
    end: int


def character_edges(text: str, words: Sequence[Word], samples: int) -> list[int]:
    """Spread the characters of `text` over `samples` samples of speech.

    A word's characters share its sound evenly; the spaces and punctuation after it share
    the pause that follows. Words are exact, characters inside a word are an estimate.

    Returns:
        `len(text) + 1` sample positions, never decreasing, from 0 to `samples`:
        character `i` sounds from `edges[i]` to `edges[i + 1]`.
    """
    edges = [0]
    known = [
        Word(0, 0, 0),
        *_in_order(words, len(text), samples),
        Word(len(text), samples, samples),
    ]
    for word, following in pairwise(known):
        span = text[word.char : following.char]
        letters = 1 + max(
            (i for i, character in enumerate(span) if character.isalnum()), default=-1
        )
        if span:
            end = max(word.start, min(word.end, following.start))
            edges += _even(word.start, end, letters)
            edges += _even(edges[-1], following.start, len(span) - letters)
            edges[-1] = following.start
    return edges


def _in_order(words: Sequence[Word], characters: int, samples: int) -> Iterable[Word]:
    """Yield words that begin further on, in text and in time, than the word before."""
    char = start = 0
    for word in words:
        if char <= word.char < characters and start <= word.start <= samples:
            char, start = word.char, word.start
            yield word


def _even(start: int, end: int, parts: int) -> list[int]:
    """Give the ends of `parts` equal pieces of the stretch from `start` to `end`."""
    return [start + (end - start) * (part + 1) // parts for part in range(parts)]
