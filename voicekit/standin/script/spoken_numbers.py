"""Spoken numbers as digits: "one zero four two", "ten forty two", "twelve hundred and five"."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_JOIN = re.compile(r"[\s-]+|\s+and\s+", re.IGNORECASE)
_UNIT = re.compile(r" (?:dollar|euro|pound|cent|day|week|month|item|piece)", re.IGNORECASE)
_SCALES = {"hundred": 100, "thousand": 1_000}
_REPEATS = {"double": 2, "triple": 3}


@cache
def words() -> dict[str, Any]:
    """The vocabulary of `data/slots.toml`."""
    file = resources.files("voicekit.standin").joinpath("data/slots.toml")
    return tomllib.loads(file.read_text("utf-8"))


@cache
def _values() -> dict[str, int]:
    spoken = words()["numbers"]
    values = {word: value for value, word in enumerate(spoken["units"])}
    values |= {word: 20 + 10 * index for index, word in enumerate(spoken["tens"])}
    return values | {"oh": 0}


@cache
def _ordinals() -> dict[str, int]:
    spoken = words()["numbers"]
    values = {word: value for value, word in enumerate(spoken["ordinals"])}
    return values | {f"{word[:-1]}ieth": 20 + 10 * i for i, word in enumerate(spoken["tens"])}


def to_digits(text: str) -> str:
    """`text` with every run of number words as digits; everything else stays as it is.

    A lone "one", "oh" or "first" stays a word unless a unit or a month is next to it.
    """
    out, at = "", 0
    for start, end, run in _runs(text):
        if len(run) == 1 and not _is_number(run[0], text[:start], text[end:]):
            continue
        out += text[at:start] + _read(run)
        at = end
    return out + text[at:]


def _is_number(word: str, before: str, after: str) -> bool:
    """Whether a lone number word counts something, judged by its neighbours."""
    if word in _ordinals():
        months = "|".join(words()["months"])
        return bool(
            re.match(rf" (?:of )?(?:{months})\b", after, re.IGNORECASE)
            or re.search(rf"\b(?:{months}) (?:the )?$", before[-20:], re.IGNORECASE)
        )
    return word not in ("one", "oh") or bool(_UNIT.match(after))


def _runs(text: str) -> list[tuple[int, int, list[str]]]:
    """Every run of number words that only white space, hyphens or "and" hold together."""
    known = _values().keys() | _ordinals().keys() | _SCALES.keys() | _REPEATS.keys()
    found: list[tuple[int, int, list[str]]] = []
    for match in _WORD.finditer(text):
        word = match[0].lower()
        if word not in known:
            continue
        if found and _joins(text[found[-1][1] : match.start()], found[-1][2]):
            start, _, run = found.pop()
            found.append((start, match.end(), [*run, word]))
        else:
            found.append((match.start(), match.end(), [word]))
    return [(start, end, run) for start, end, run in found if run[-1] not in _REPEATS]


def _joins(between: str, run: list[str]) -> bool:
    """Whether a run goes on: "and" only behind "hundred" or "thousand", nothing behind "third"."""
    if run[-1] in _ordinals():
        return False
    if "and" in between.lower():
        return run[-1] in _SCALES and _JOIN.fullmatch(between) is not None
    return _JOIN.fullmatch(between) is not None


def _read(run: list[str]) -> str:
    """A run as digits: a cardinal if it has a scale, else its groups side by side."""
    if any(word in _SCALES for word in run):
        return str(_cardinal(run))
    digits, tens, repeat = "", False, 1
    for word in run:
        if word in _REPEATS:
            repeat, tens = _REPEATS[word], False
            continue
        value = _values().get(word, _ordinals().get(word, 0))
        if tens and 0 < value < 10:  # "forty" "two" is one group: 42
            digits = f"{digits[:-1]}{value}"
        else:
            digits += str(value) * repeat
        tens, repeat = value >= 20, 1
    return digits


def _cardinal(run: list[str]) -> int:
    total = group = 0
    for word in run:
        if word == "thousand":
            total, group = (total + max(group, 1)) * 1_000, 0
        elif word == "hundred":
            group = max(group, 1) * 100
        else:
            group += _values().get(word, _ordinals().get(word, 0))
    return total + group
