"""Written forms that are not said as they stand, as one pattern each, in the order they are tried.

The classes are those of the text-normalisation literature (Sproat & Jaitly 2016: PLAIN, CARDINAL,
DATE, MONEY, …). All of them join in one scanner, so a text is read once, from left to right; what
is said for each is in `voicekit.text.spoken`. Words, units and names are data: data/spoken_*.toml.
"""

# ruff: noqa: RUF001 - typographic dashes and quotes are this module's subject

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from re import Match
from typing import Any

from voicekit.text.numerals import Numerals

ENDINGS = " \t\n\"'”’)]*_"  # what may stand between a full stop and the end
LANGUAGES = ("en", "de", "es")
BLOCK_LINE = re.compile(r"[ \t]*(?:#{1,6}[ \t]|[-*+•][ \t]|>|\||[0-9]{1,3}[.)][ \t]|```|~~~|-{3,})")
THOUGHTS = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad"
"""Tags around what a model thinks aloud. It is not said."""
_REACH = 48  # how many characters around a form may change how it is said
_NAMED = re.compile(r"\(\?P<\w+>")
_PART = re.compile(r"‹(\w+)›")


def before(match: Match[str]) -> str:
    """Return the text just before a match."""
    return match.string[max(0, match.start() - _REACH) : match.start()]


def after(match: Match[str]) -> str:
    """Return the text just after a match."""
    return match.string[match.end() : match.end() + _REACH]


def one_of(words: str, ending: str) -> re.Pattern[str]:
    """Match any of some words, then `ending`, at the end of a text."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(words.split())}){ending}$", re.I)


def _any(keys: Iterable[str]) -> str:
    """Alternatives, longest first, since a pattern takes the first that fits."""
    longest_first = sorted(keys, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first))})" if longest_first else "(?!)"


@dataclass(frozen=True)
class Language:
    """One language: its data, its number words, and the patterns built from them."""

    data: dict[str, Any]
    numerals: Numerals
    month_first: bool
    months: dict[str, str]
    currencies: dict[str, dict[str, Any]]
    abbreviations: dict[str, str]
    patterns: dict[str, re.Pattern[str]]
    scanner: re.Pattern[str]
    starters: re.Pattern[str]

    def ends_sentence(self, rest: str) -> bool:
        """Tell whether what follows a full stop begins a sentence, or is nothing."""
        return not rest.strip(ENDINGS) or self.starters.match(rest) is not None


@cache
def load(code: str) -> Language:
    """Load a language, "en", "de" or "es"; a region is allowed: "en-GB", "de-AT".

    Raises:
        ValueError: there is no data for the language.
    """
    base = code.partition("-")[0]
    if base not in LANGUAGES:
        raise ValueError(
            f"No rules for language {code!r}: there are {', '.join(LANGUAGES)}. "
            "Use normalise=False to leave the words as they are."
        )
    source = resources.files("voicekit.text").joinpath("data", f"spoken_{base}.toml")
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    british = base == "en" and code not in ("en", "en-US")
    months = _months(data["dates"])
    kinds = (data["streets"], *data["abbreviations"].values())
    abbreviations = {short: full for kind in kinds for short, full in kind.items()}
    signs = {s: c for c in data["currencies"].values() for s in c["symbols"]}
    full = [short for short in abbreviations if short not in data["abbreviations"]["before_number"]]
    patterns = _patterns(data, months, full)
    return Language(
        data=data,
        numerals=Numerals(
            base,
            british,
            data["decimal"],
            data["group"],
            data["words"]["point"],
            data["words"]["minus"],
        ),
        month_first=data["month_first"] and not british,
        months=months,
        currencies={**data["currencies"], **signs},
        abbreviations=abbreviations,
        patterns={name: re.compile(p, re.M) for name, p in patterns.items()},
        scanner=_scanner(patterns),
        starters=re.compile(rf"\s+{_any(data['sentence_starters'].split())}(?!\w)"),
    )


def _months(dates: dict[str, Any]) -> dict[str, str]:
    full, short = dates["months"].split(), dates["short_months"].split()
    return {**dict(zip(short, full, strict=True)), **{m: m for m in full}, "Sept": "September"}


def _scanner(patterns: dict[str, str]) -> re.Pattern[str]:
    """Join the patterns, each a group of its name; lower-case prose is swallowed in one match."""
    plain = "(?P<plain>(?:[a-zäöüßáéíóúñàèçâêô]++[,;!?]? )++)"
    rules = "|".join(f"(?P<{name}>{_NAMED.sub('(?:', p)})" for name, p in patterns.items())
    return re.compile(rf"{plain}|{rules}|(?P<other>[\s\S])", re.M)


def _patterns(data: dict[str, Any], months: Iterable[str], full: Iterable[str]) -> dict[str, str]:
    """Put the words of the language into the patterns."""
    source = resources.files("voicekit.text").joinpath("data", "written.toml")
    written = tomllib.loads(source.read_text(encoding="utf-8"))
    currencies = data["currencies"]
    signs = [*currencies, *(sign for kind in currencies.values() for sign in kind["symbols"])]
    words = {
        "full": full,
        "keys": data["keys"],
        "lexicon": data["lexicon"],
        "long": [word for word in data["magnitudes"] if len(word) > 2],
        "months": months,
        "numbered": data["abbreviations"]["before_number"],
        "per": data["per"],
        "short": [word for word in data["magnitudes"] if len(word) <= 2 and word != "x"],
        "short_months": [name for name in months if name not in data["dates"]["months"].split()],
        "sign": signs,
        "sign_after": [*signs, *data["minor_symbols"]],
        "streets": data["streets"],
        "units": [*data["units"], "%"],
        "weekdays": data["dates"]["weekdays"],
    }
    parts = written["parts"] | data["forms"] | {name: _any(keys) for name, keys in words.items()}
    parts |= {
        "thoughts": THOUGHTS,
        "decimal": re.escape(data["decimal"]),
        "group": re.escape(data["group"]),
    }

    def filled(pattern: str) -> str:
        return _PART.sub(lambda part: filled(parts[part[1]]), pattern)

    return {name: filled(pattern) for name, pattern in written["patterns"].items()}
