"""How quantities are said: numbers, money, measures, telephone and order numbers.

Each method says one class of `voicekit.text.written` and bears its name; None means "as written".
"""

# ruff: noqa: RUF001 - typographic dashes and quotes are this module's subject

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from fractions import Fraction
from re import Match
from typing import Any

from voicekit.text.dates import NUMBERS, Dates
from voicekit.text.written import Language, after, before, one_of

_RUNS = re.compile(r"[0-9]+|[^\W\d_]+")
_YEARS_ON = re.compile(r"\s?[-–]\s?[0-9]{4}(?![0-9])")
_YEARS_BACK = re.compile(r"[0-9]{4}\s?[-–]\s?$")
_ARTICLE = re.compile(r"(?<!\w)[Aa]n? $")
_NOUN = re.compile(r" ([^\W\d_]{3,})")


def _form(forms: str, one: bool) -> str:
    return forms.split("|")[0 if one else 1]


class Quantities(Dates):
    """Says the quantities of one language, its dates among them."""

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        digits = self.data["digits"]
        between = "|".join(map(re.escape, digits["between"].split()))
        self._feminine = frozenset(self.data["nouns"]["feminine"].split())
        self._identifier = one_of(digits["before"], rf"(?:[\s:]+(?:{between}))*[\s:#]*")
        self._dialled = one_of(digits["call"], " ")
        self._in_year = one_of(self.data["years"]["before"], " ")
        self._on_day = one_of(self.data["dates"]["before"], " ")

    # Numbers

    def _number(self, m: Match[str]) -> str:
        written, ahead = m["num"], before(m)
        if written.isdecimal():
            dialled = len(written) == 3 and self._dialled.search(ahead)
            if dialled or (len(written) >= 4 and self._identifier.search(ahead)):
                return self.numerals.digits(written)
            if len(written) == 4 and self._is_year(int(written), m):
                return self.numerals.year(int(written))
        if ahead.rstrip().lower().endswith(self.words["version"].lower()):
            return self._dotted_parts(written)
        noun = _NOUN.match(after(m)) if self.numerals.language != "en" else None
        value = self.numerals.whole(written)
        if noun and value is not None and written[0] != "0":
            return self.numerals.counted(value, noun[1] in self._feminine)
        return self.numerals.number(written)

    def _is_year(self, year: int, m: Match[str]) -> bool:
        if 1900 <= year < 2100:
            return True
        ranged = _YEARS_ON.match(after(m)) or _YEARS_BACK.search(before(m))
        return 1000 <= year < 1900 and bool(ranged or self._in_year.search(before(m)))

    def _numero(self, m: Match[str]) -> str:
        digits = m["num"]
        if not digits:
            return self.words["number"]
        long = len(digits) >= 5 or (len(digits) > 2 and self._identifier.search(before(m)))
        said = self.numerals.digits(digits) if long else self.numerals.number(digits)
        return f"{self.words['number']} {said}"

    def _dotted_parts(self, written: str) -> str:
        parts = (self.numerals.number(part) for part in written.split("."))
        return f" {self.numerals.point} ".join(parts)

    def _parts(self, m: Match[str]) -> str:
        return self._dotted_parts(m["num"])

    def _version(self, m: Match[str]) -> str:
        return f"{self.words['version']} {self._dotted_parts(m['num'])}"

    def _ordinal(self, m: Match[str]) -> str | None:
        rank = self.numerals.whole(m["num"])
        return None if rank is None else self.numerals.ordinal(rank)

    def _decade(self, m: Match[str]) -> str:
        short = m["two"] or m["bare"]
        said = self.numerals.cardinal(int(short)) if short else self.numerals.year(int(m["four"]))
        return f"{said.removesuffix('y')}ies" if said.endswith("y") else f"{said}s"

    def _phone(self, m: Match[str]) -> str:
        groups = ", ".join(self.numerals.digits(group) for group in NUMBERS.findall(m[0]))
        return f"{self.words['plus']} {groups}" if m[0][0] == "+" else groups

    def _identity(self, m: Match[str]) -> str:
        return ", ".join(self.numerals.digits(group) for group in NUMBERS.findall(m[0]))

    def _ip(self, m: Match[str]) -> str:
        return f" {self.words['dot']} ".join(self.numerals.digits(p) for p in m[0].split("."))

    def _house(self, m: Match[str]) -> str:
        if len(m[0]) == 4:
            return self.numerals.year(int(m[0]))
        return self.numerals.number(m[0]) if len(m[0]) < 3 else self.numerals.digits(m[0])

    def _code(self, m: Match[str]) -> str | None:
        runs = _RUNS.findall(m[0])
        if len(runs[0]) > 4 and runs[0].isalpha():  # a word with a number: COVID-19
            return f"{runs[0]} {' '.join(self.numerals.number(n) for n in runs[1:])}"
        short = len(runs) == 2 and all(len(run) <= 1 + run.isdigit() for run in runs)
        read = self.numerals.number if short else self.numerals.digits
        return " ".join(read(run) if run.isdigit() else " ".join(run) for run in runs)

    def _fraction(self, m: Match[str]) -> str:
        top, bottom = int(m["top"]), int(m["bottom"])
        dated = not m["whole"] and self._on_day.search(before(m))
        if 0 < top < bottom and str(bottom) in self.data["fractions"] and not dated:
            return self._part(m["whole"], top, bottom)
        day = None if m["whole"] else self._day_of(m, top, bottom)
        numbers = (self.numerals.cardinal(int(n)) for n in NUMBERS.findall(m[0]))
        return day or f" {self.words['slash']} ".join(numbers)

    def _vulgar(self, m: Match[str]) -> str:
        part = Fraction(unicodedata.numeric(m["part"])).limit_denominator(16)
        return self._part(m["whole"], part.numerator, part.denominator)

    def _part(self, whole: str | None, top: int, bottom: int) -> str:
        forms = self.data["fraction_forms"]
        part = _form(self.data["fractions"][str(bottom)], top == 1)
        said = str(forms["alone"]).format(count=self.numerals.counted(top), part=part)
        said = said.replace("-", " ") if bottom in forms["alone_spaced"] else said
        if not whole:
            return said
        if (top, bottom) == (1, 2):
            said = f"{forms['mixed_one']} {part}".strip()
        return str(forms["mixed"]).format(whole=self.numerals.number(whole), part=said)

    # Measures and money

    def _counted(self, written: str, forms: str) -> str:
        """Say a number with its noun; `forms` are "one|many", with "|f" when feminine."""
        value = self.numerals.whole(written)
        count = self.numerals.number(written)
        if value is not None and not (written[0] == "0" and len(written) > 1):
            count = self.numerals.counted(value, forms.endswith("|f"))
        round_million = value is not None and value >= 10**6 and value % 10**6 == 0
        of = self.words["of_million"] if round_million else ""
        return f"{count}{of} {_form(forms, value == 1)}"

    def _measure(self, m: Match[str]) -> str:
        percent = self.words["percent"]
        forms = {**self.data["units"], "%": f"{percent}|{percent}"}[m["unit"]]
        if m["unit"] == "%":
            return f"{self.numerals.number(m['num'])} {percent}"
        return self._counted(m["num"], forms)

    def _span(self, m: Match[str]) -> str:
        units = self.data["units"]
        hours, minutes = str(int(m["hours"])), str(int(m["minutes"]))
        return f"{self._counted(hours, units['h'])} {self._counted(minutes, units['min'])}"

    def _height(self, m: Match[str]) -> str | None:
        units = self.data["units"]
        if "′" not in units:
            return None
        return f"{self._counted(m['feet'], units['′'])} {self._counted(m['inches'], units['″'])}"

    def _ratio(self, m: Match[str]) -> str:
        ends = self.numerals.number(m["num"]), self.numerals.number(m["end"])
        return f" {self.words['to']} ".join(ends)

    def _per(self, m: Match[str]) -> str:
        return f"{self.words['per']} {self.data['per'][m['unit']]}"

    def _scaled(self, m: Match[str]) -> str:
        said, scale = self.numerals.number(m["num"]), m["short"]
        if scale == "K" and m["num"] in ("2", "4", "8"):  # the size of a picture
            return f"{said} K"
        return f"{said} {self.data['magnitudes'].get(scale, scale)}"

    def _money(self, m: Match[str]) -> str:
        currency = self.language.currencies.get(m["sign"])
        if currency is None:
            return self._counted(m["num"], self.data["minor_symbols"][m["sign"]])
        parts = m.groupdict()
        end = parts.get("end")
        if cents := parts.get("cents"):  # "$.50"
            places = cents.removeprefix(self.numerals.decimal).ljust(2, "0")
            return self._amount(m, f"0{self.numerals.decimal}{places}", currency)
        said = self._amount(m, end or m["num"], currency)
        if parts.get("negative"):
            said = f"{self.words['minus']} {said}"
        return f"{self.numerals.number(m['num'])} {self.words['to']} {said}" if end else said

    _money_after = _money

    def _amount(self, m: Match[str], written: str, currency: dict[str, Any]) -> str:
        name, minor = currency["name"], currency["minor"]
        scale = self.data["magnitudes"].get(m["long"] or m["short"])
        article = self.numerals.language == "en" and _ARTICLE.search(before(m))
        attribute = bool(article) and after(m)[:1] == " "  # a five dollar bill
        if scale:
            many = f"{self.words['of_million']} {_form(name, attribute)}"
            return f"{self.numerals.number(written)} {scale}{many}"
        whole, _, places = written.partition(self.numerals.decimal)
        if len(places) not in (0, 2):
            return self._counted(written, name)
        pounds = self._amounts_in(currency)._counted(whole, name)
        if attribute:
            return f"{self.numerals.number(written)} {_form(name, True)}"
        if not places or not int(places):
            return pounds
        cents = self._counted(str(int(places)), minor)
        if not self.numerals.whole(whole):
            return cents
        if self.numerals.language == "de":  # "zwei Euro fünfzig"
            cents = self.numerals.cardinal(int(places))
        return f"{pounds}{self.words['cents']}{cents}"

    def _amounts_in(self, currency: dict[str, Any]) -> Quantities:
        """British money is counted the British way: "one hundred and fifty pounds"."""
        if not currency.get("british") or self.numerals.british:
            return self
        numerals = replace(self.numerals, british=True)
        return Quantities(replace(self.language, numerals=numerals))
