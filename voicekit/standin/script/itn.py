"""Inverse text normalisation: what was said as it is written.

"order a. one thousand forty two" is order A-1042, "dollar forty five point five zero" is $45.50,
"at nine thirty a. m." is at 9:30 am. The stand-in reads callers' typed text with it as well.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from voicekit.standin.script.phrasings import proper_names

_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
_REPEATS = {"double": 2, "triple": 3}
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_JOIN = re.compile(r"[\s-]+|\s+and\s+", re.IGNORECASE)
_A = re.compile(r"\ba $", re.IGNORECASE)
_COUNTED = (
    "dollar|euro|pound|cent|percent|minute|hour|day|week|month|year|item|piece|box|pair|copy|copies"
)
_CLOCK = re.compile(r"\b(at|by|before|after|until|till|from|around|about|between) $", re.IGNORECASE)
_SECOND_TIME = re.compile(r"\d:\d\d(?: [ap]\.? ?m\.?)? (?:and|to|or|until) $", re.IGNORECASE)
_HALF_DAY = re.compile(r" [ap]\.? ?m\b", re.IGNORECASE)
_SIGNS = (  # after the numbers are digits
    (re.compile(r"(?<=\d) point (?=\d)", re.IGNORECASE), "."),
    (re.compile(r"(?<=\d) dash (?=\d)", re.IGNORECASE), "-"),
    (re.compile(r"(?<=\d) slash (?=\d)", re.IGNORECASE), "/"),
    (re.compile(r"\bhash (?=\d)", re.IGNORECASE), "#"),
    (re.compile(r"(?<=\d) percent\b", re.IGNORECASE), "%"),
    (re.compile(r"(?<!\d )(?<!\ba )(?<!\bone )\bdollar (?=\d)", re.IGNORECASE), "$"),
    (re.compile(r"(?<!\d )(?<!\bone )\beuros? (?=\d)", re.IGNORECASE), "€"),
    (re.compile(r"(?<!\d )(?<!\ba )(?<!\bone )\bpound (?=\d)", re.IGNORECASE), "£"),
)
# "a." is the letter; a bare "a" is one only where an order number is due.
_SPELT = re.compile(
    r"\b([a-z])(?:\. (?:(?:dash|hyphen|minus) )?| (?:dash|hyphen|minus) )(?=\d\d)"
    r"|(?:(?<=order )|(?<=number )|(?<=is ))([a-z]) (?=\d{3})"
)
_NOON = re.compile(r"\b([ap])\. m\.")
_LETTER = re.compile(r"\b([a-z])\.(?=\s|$)")
_I = re.compile(r"\bi(?=$|[ '])")


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


def written(spoken: str) -> str:
    """`spoken`, lower-case words as the recogniser gives them, in written form.

    >>> written("where is order a. one zero four two")
    'Where is order A-1042'
    """
    text = _SPELT.sub(lambda match: f"{(match[1] or match[2]).upper()}-", to_digits(spoken))
    text = _NOON.sub(r"\1m", text)
    text = _LETTER.sub(lambda match: match[1].upper(), text)
    text = _I.sub("I", text)
    text = proper_names().sub(lambda match: match[0].title(), text)
    return text[:1].upper() + text[1:]


def to_digits(text: str) -> str:
    """`text` with every run of number words as digits, and the signs said between them as signs.

    A lone "one", "oh" or "first" stays a word unless a unit or a month is next to it.
    """
    out, at = "", 0
    for start, end, run in _runs(text):
        before, after = out + text[at:start], text[end:]
        if len(run) == 1 and not _is_number(run[0], before, after):
            continue
        if run[0] in _SCALES:  # "a hundred"
            before = _A.sub("", before)
        out, at = before + _read(run, before, after), end
    out += text[at:]
    for said, sign in _SIGNS:
        out = said.sub(sign, out)
    return out


def _is_number(word: str, before: str, after: str) -> bool:
    """Whether a lone number word counts something, judged by its neighbours."""
    if word in _ordinals():
        months = "|".join(words()["months"])
        return bool(
            re.match(rf" (?:of )?(?:{months})\b", after, re.IGNORECASE)
            or re.search(rf"\b(?:{months}) (?:the )?$", before[-20:], re.IGNORECASE)
        )
    counted = f"{_COUNTED}|{'|'.join(words()['products'])}"
    return word not in ("one", "oh") or bool(
        re.match(rf" (?:{counted}|point \w|[ap]\. ?m\b)", after, re.IGNORECASE)
        or re.search(r"\b(?:point|dash|slash|hash|dollar|euros|pound) $", before, re.IGNORECASE)
    )


def _runs(text: str) -> list[tuple[int, int, list[str]]]:
    """Every run of number words that only white space, hyphens or "and" hold together."""
    known = _values().keys() | _ordinals().keys() | _SCALES.keys() | _REPEATS.keys()
    runs: list[tuple[int, int, list[str]]] = []
    for match in _WORD.finditer(text):
        word = match[0].lower()
        if word not in known:
            continue
        if runs and _joins(text[runs[-1][1] : match.start()], runs[-1][2]):
            start, _, run = runs.pop()
            runs.append((start, match.end(), [*run, word]))
        else:
            runs.append((match.start(), match.end(), [word]))
    return [(start, end, run) for start, end, run in runs if run[-1] not in _REPEATS]


def _joins(between: str, run: list[str]) -> bool:
    """Whether a run goes on: "and" only behind a scale, nothing behind "third"."""
    if run[-1] in _ordinals():
        return False
    if "and" in between.lower():
        return run[-1] in _SCALES and _JOIN.fullmatch(between) is not None
    return _JOIN.fullmatch(between) is not None


@dataclass
class _Number:
    """Words that are one number: "forty two", "nineteen hundred five", a digit.

    Attributes:
        repeat: how often it is said by "double" or "triple".
        empty: whether it has no word yet.
        scaled: whether a "hundred" or more is among its words.
        whole: its millions and thousands.
        part: what is below them.
        room: what comes next must be smaller to belong to it.
    """

    repeat: int = 1
    empty: bool = True
    scaled: bool = False
    whole: int = 0
    part: int = 0
    room: int = 100

    def take(self, word: str, then: str) -> bool:
        """Add `word` if it belongs to this number; `then` is the word after it."""
        taken = self._multiply(_SCALES[word]) if word in _SCALES else self._add(word, then)
        self.empty = self.empty and not taken
        return taken

    def _multiply(self, scale: int) -> bool:
        if not (self.empty or self.part) or (scale == 100 and self.part > 99):
            return False
        if scale == 100:
            self.part = max(self.part, 1) * 100
        elif self.whole % (scale * 1_000):
            return False  # "four thousand two thousand"
        else:
            self.whole, self.part = self.whole + max(self.part, 1) * scale, 0
        self.scaled, self.room = True, 100
        return True

    def _add(self, word: str, then: str) -> bool:
        value = _values().get(word, _ordinals().get(word, 0))
        if word == "oh" and self.scaled and self.room == 100:  # "two thousand oh five"
            self.room = 10
            return True
        # "four hundred, one hundred" and "eight hundred, five five five"
        another = (then == "hundred" and self.part >= 100) or (
            self.scaled and self.room == 100 and value < 10 and _values().get(then, 10) < 10
        )
        if not self.empty and (not 0 < value < self.room or another):
            return False
        self.part += value
        self.room = 10 if value >= 20 else 1
        return True

    @property
    def value(self) -> int:
        return self.whole + self.part


def _numbers(run: list[str]) -> list[_Number]:
    numbers: list[_Number] = []
    for word, then in zip(run, [*run[1:], ""], strict=True):
        if word in _REPEATS:
            numbers.append(_Number(repeat=_REPEATS[word]))
        elif not (numbers and numbers[-1].take(word, then)):
            numbers.append(_Number())
            numbers[-1].take(word, then)
    return [number for number in numbers if not number.empty]


def _read(run: list[str], before: str, after: str) -> str:
    """A run as digits: a time of day where one is due, else its numbers side by side.

    One with a scale stands apart: "five hundred fifty five zero one" is 555 01.
    """
    numbers = _numbers(run)
    if time := _time(numbers, before, after):
        return time
    text, apart = "", False
    for number in numbers:
        text += " " * (bool(text) and (apart or number.scaled)) + str(number.value) * number.repeat
        apart = number.scaled
    return text


def _time(numbers: list[_Number], before: str, after: str) -> str | None:
    """Give "nine thirty" as 9:30 behind "at" or before "a. m.", "twelve zero zero" as 12:00."""
    hour, *rest = [number.value for number in numbers]
    match rest:
        case [minutes] if 10 <= minutes <= 59:
            pass
        case [0, minutes] if minutes < 10:
            pass
        case _:
            return None
    if hour > 23 or any(number.scaled or number.repeat > 1 for number in numbers):
        return None
    clock = _CLOCK.search(before)
    year = hour in (19, 20) and clock and clock[1].lower() != "at"
    due = (clock and not year) or _SECOND_TIME.search(before) or _HALF_DAY.match(after)
    return f"{hour}:{minutes:02}" if due else None
