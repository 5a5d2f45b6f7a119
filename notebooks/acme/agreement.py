"""Whether spoken words are a yes and nothing else. Pure: words against the lists of `support.toml`.

Looking for a yes among the words finds one in "yes, but", "is that right" and "sure, decline it".
So every word has to be accounted for: the whole is cut into phrases that agree, phrases that may
stand beside these, and phrases that only lead up to one. A word that fits none of them is doubt.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from num2words import num2words

from acme.wording import rules

_QUOTES = str.maketrans("\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}", "''")
_UNFINISHED = re.compile(r"(?:\.\.|[,;:\u2010-\u2015-])\s*$")
"""Words that break off: what would have followed may have changed their meaning."""
_NUMBER = re.compile(r"(?<![\w.])[$#]?(\d[\d,]*(?:\.\d+)?)(?![\w$%])")
_GAPS = re.compile(r"[\s.,!;:\u2010-\u2015-]+")


class _Phrase(NamedTuple):
    words: tuple[str, ...]
    agrees: bool
    leads: bool  # something has to follow


def agrees(text: str, order_id: str, cents: int) -> bool:
    """Whether the text agrees to refund this much for this order, and says nothing besides."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if "?" in text or _UNFINISHED.search(text):
        return False
    words = _named(text, order_id, cents)
    if any(f" {trap} " in f" {' '.join(words)} " for trap in rules()["consent"]["traps"]):
        return False
    # reached[n]: how the first n words can be read: (has it agreed, does it lead somewhere yet).
    reached: list[set[tuple[bool, bool]]] = [{(False, False)}, *(set() for _ in words)]
    for at, word in enumerate(words):
        for phrase in _phrases().get(word, ()) if reached[at] else ():
            end = at + len(phrase.words)
            if phrase.words == tuple(words[at:end]):
                read = {(agreed or phrase.agrees, phrase.leads) for agreed, _ in reached[at]}
                reached[end] |= read
    return (True, False) in reached[-1]


def refuses(text: str) -> bool:
    """Whether the text refuses or corrects, so that asking the same again would be pressing."""
    said = f" {' '.join(_words(unicodedata.normalize('NFKC', text).casefold()))} "
    for phrase in rules()["consent"]["harmless"]:
        said = said.replace(f" {phrase} ", " ")
    return any(f" {phrase} " in said for phrase in rules()["consent"]["no"])


def _named(text: str, order_id: str, cents: int) -> list[str]:
    """The words, with `#order` and `#amount` where this order and this amount are named."""
    amounts = {f"{cents / 100:.2f}", f"{cents / 100:g}"}

    def name(match: re.Match[str]) -> str:
        number = match[1].replace(",", "")
        if number == order_id:
            return " #order "
        return " #amount " if number in amounts else match[0]

    said = f" {' '.join(_words(_NUMBER.sub(name, text)))} "
    for mark, spoken in (("#order", _spoken_order(order_id)), ("#amount", _spoken_amount(cents))):
        for words in sorted(spoken, key=len, reverse=True):
            said = said.replace(f" {words} ", f" {mark} ")
    return said.split()


def _words(text: str) -> list[str]:
    """The words, contractions written out; a sign that is no punctuation stays in its word."""
    short = rules()["consent"]["short"]
    words = (word.replace("'", "") for word in _GAPS.split(text.translate(_QUOTES)) if word)
    return " ".join(short.get(word, word) for word in words).split()


def _spoken_order(order_id: str) -> set[str]:
    """An order's four digits as they are said."""
    digits = [_cardinal(int(digit)) for digit in order_id]
    singly = {" ".join(digits), " ".join(digits).replace("zero", "oh")}
    high, low = divmod(int(order_id), 100)
    pairs = f"{_cardinal(high)} {'oh ' * (low < 10)}{_cardinal(low)}"
    whole = _cardinal(int(order_id))
    return {*singly, pairs, whole, whole.replace("thousand ", "thousand and ")}


def _spoken_amount(cents: int) -> set[str]:
    """An amount as it is said: "sixty four dollars and fifty cents", "sixty four fifty"."""
    whole, part = divmod(cents, 100)
    one = "" if whole == 1 else "s"
    units = {f"{number} dollar{one}" for number in (_cardinal(whole), str(whole))}
    if not part:
        return {*units, _cardinal(whole), f"#amount dollar{one}"}
    numbers, ends = (_cardinal(part), str(part)), ("", " cents")
    tails = map("".join, itertools.product((" ", " and "), numbers, ends))
    short = f"{_cardinal(whole)} {_cardinal(part)}"
    return {short, *map("".join, itertools.product(units, tails))}


@cache
def _cardinal(number: int) -> str:
    words = str(num2words(number)).replace(" and ", " ")
    return " ".join(_GAPS.split(words))


@cache
def _phrases() -> dict[str, list[_Phrase]]:
    """Every phrase by its first word."""
    table = rules()["consent"]
    found: dict[str, list[_Phrase]] = {}
    kinds = {"yes": (True, False), "beside": (False, False), "leading": (False, True)}
    for name, (agreeing, leading) in kinds.items():
        for line in table[name]:
            for words in _expanded(line):
                found.setdefault(words[0], []).append(_Phrase(tuple(words), agreeing, leading))
    return found


def _expanded(line: str) -> Iterator[Sequence[str]]:
    """A line of the lists: `(thing)` stands for each of the things."""
    table = rules()["consent"]
    parts = [table[part[1:-1]] if part.startswith("(") else [part] for part in line.split()]
    for chosen in itertools.product(*parts):
        yield " ".join(chosen).split()
