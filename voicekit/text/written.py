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
_ALSO_WORDS = ("may", "march")  # written small, no months
_GAPS = (" ", "\u00a0")
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
    data = _read(f"spoken_{base}")
    british = base == "en" and code not in ("en", "en-US")
    data |= {name: data[name] | more for name, more in data["british"].items() if british}
    dates = data["dates"]
    months = _months(dates)
    kinds = {name: _either_case(words) for name, words in data["abbreviations"].items()}
    abbreviations = dict(data["streets"])
    for kind in kinds.values():
        abbreviations |= kind
    signs = {sign: kind for kind in data["currencies"].values() for sign in kind["symbols"]}
    data |= {"abbreviations": kinds, "units": _units(data)}
    words = {
        "full": [short for short in abbreviations if short not in kinds["before_number"]],
        "keys": data["keys"],
        "lengths": data["lengths"].split(),
        "lexicon": data["lexicon"],
        "long": [word for word in data["magnitudes"] if len(word) > 2],
        "months": months,
        "months_first": [] if dates["day_first"] else months,
        "numbered": kinds["before_number"],
        "per": data["per"],
        "ranks": data.get("ranks", "").split(),
        "short": [word for word in data["magnitudes"] if len(word) <= 2 and word != "x"],
        "short_months": [m for m in months if m.lower() not in dates["months"].lower().split()],
        "sign": [*data["currencies"], *signs],
        "sign_after": [*data["currencies"], *signs, *data["minor_symbols"]],
        "states": data["states"],
        "streets": data["streets"],
        "unit_names": [unit for unit in (*data["units"], "%") if unit != "in"],
        "weekdays": dates["weekdays"],
    }
    patterns = _patterns(data, {name: _any(keys) for name, keys in words.items()})
    return Language(
        data=data,
        numerals=Numerals(
            base,
            british,
            data["decimal"],
            data["group"],
            data["words"]["point"],
            data["words"]["minus"],
            data["words"]["of_million"],
        ),
        month_first=data["month_first"] and not british,
        months=months,
        currencies={**data["currencies"], **signs},
        abbreviations=abbreviations,
        patterns={name: re.compile(p, re.M) for name, p in patterns.items()},
        scanner=_scanner(patterns),
        starters=re.compile(rf"\s+{_any(data['sentence_starters'].split())}(?!\w)"),
    )


def _read(name: str) -> dict[str, Any]:
    source = resources.files("voicekit.text").joinpath("data", f"{name}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _months(dates: dict[str, Any]) -> dict[str, str]:
    """Every way to write a month, with its name: "Jan", "january", "SEPT"."""
    full, short = dates["months"].split(), dates["short_months"].split()
    pairs = [*zip(short, full, strict=True), *((m, m) for m in full), ("Sept", full[8])]
    written = {form(key): name for key, name in pairs for form in (str.lower, str.upper)}
    written |= {key.title(): name for key, name in pairs} | dict(pairs)
    return {key: name for key, name in written.items() if key not in _ALSO_WORDS}


def _either_case(words: dict[str, str]) -> dict[str, str]:
    """Add the form that begins a sentence, "ca" → "Ca", and those with spaces: "z. B."."""
    spaced = {short.replace(".", f".{gap}"): words[short] for short in words for gap in _GAPS}
    words = spaced | words
    capital = {
        short[0].upper() + short[1:]: full[:1].upper() + full[1:] for short, full in words.items()
    }
    return {short: full for short, full in capital.items() if len(short) > 1} | words


def _units(data: dict[str, Any]) -> dict[str, str]:
    """Every unit with its names: those listed, with prefixes and powers, in either case."""
    units: dict[str, str] = {}
    for base, names in data["bases"].items():
        if base not in data["not_alone"].split():
            units[base] = names[0]
        for letter in names[1]:
            units[letter + base] = "|".join(
                part if part == "f" else data["prefixes"][letter] + part.removeprefix(" ").lower()
                for part in names[0].split("|")
            )
    units |= data["units"]
    for base in data["lengths"].split():
        for power, digit in (("²", "2"), ("³", "3")):
            one, many = units[base].split("|")[:2]
            form = data["powers_of_units"][power]
            said = form.format(one=one, many=many, one_lower=one.lower(), many_lower=many.lower())
            for key in (base + power, base + digit):
                units.setdefault(key, said)
    same = {f"{key.lower()}": key for key in units}
    for key, forms in list(units.items()):
        for variant in (key.lower(), key.upper()):
            if (
                len(key) > 1
                and key.isalpha()
                and same[key.lower()] == key
                and key not in data["one_case"].split()
            ):
                units.setdefault(variant, forms)
    return units


def _scanner(patterns: dict[str, str]) -> re.Pattern[str]:
    """Join the patterns, each a group of its name; lower-case prose is swallowed in one match."""
    plain = "(?P<plain>(?:[a-zäöüßáéíóúñàèçâêô]++[,;!?]? (?![0-9]))++)"
    rules = "|".join(f"(?P<{name}>{_NAMED.sub('(?:', p)})" for name, p in patterns.items())
    return re.compile(rf"{plain}|{rules}|(?P<other>[\s\S])", re.M)


def _patterns(data: dict[str, Any], words: dict[str, str]) -> dict[str, str]:
    """Put the words of the language into the patterns."""
    written = _read("written")
    parts = written["parts"] | data["forms"] | words
    parts |= {
        "thoughts": THOUGHTS,
        "decimal": re.escape(data["decimal"]),
        "group": re.escape(data["group"]),
    }

    def filled(pattern: str) -> str:
        return _PART.sub(lambda part: filled(parts[part[1]]), pattern)

    return {name: filled(pattern) for name, pattern in written["patterns"].items()}
