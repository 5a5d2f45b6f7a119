"""How amounts are said: fractions, measures, money, ratios.

Each method says one class of `voicekit.text.written` and bears its name.
"""

# ruff: noqa: RUF001 - typographic quotes are this module's subject

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from fractions import Fraction
from re import Match
from typing import Any

from voicekit.text.dates import Dates
from voicekit.text.nouns import Nouns
from voicekit.text.numerals import noun
from voicekit.text.written import Language, after, before, one_of

_ARTICLE = re.compile(r"(?<!\w)[Aa]n? $")
# A noun follows: the measure is its attribute, "a five kilometer run".
_NOUN_AHEAD = re.compile(
    r" (?!(?:x|and|or|by|in|at|on|to|of|for|from|per|if|is|was|when|with|as|than|tall|high|long"
    r"|wide|deep|thick|across)\b)[a-z]"
)
_QUANTITY = re.compile(r"[0-9½¼¾][^.!?\n]{0,30}$")
_PART_OF = re.compile(r" (?:of|de|der|des|del) ")
_USUAL_PARTS = frozenset((2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 32, 64, 100, 1000))


class Amounts:
    """Says the amounts of one language.

    Args:
        language: its rules.
        dates: says those that may be a day, as "3/4" after "on".
        nouns: tells the gender of what is halved.
    """

    def __init__(self, language: Language, dates: Dates, nouns: Nouns) -> None:
        self._language = language
        self._dates = dates
        self._nouns = nouns
        self._data = data = language.data
        self._words: dict[str, str] = data["words"]
        self._numerals = language.numerals
        self._english = language.numerals.language == "en"
        self._on_day = one_of(data["dates"]["before"], " ")

    def fraction(self, m: Match[str]) -> str:
        """Say a fraction, unless it is a day: "3/4", "on 3/4"."""
        top, bottom = int(m["top"]), self._numerals.whole(m["bottom"]) or 0
        dated = self._on_day.search(before(m)) and not m["unit"]
        usual = (top < bottom and bottom in _USUAL_PARTS) or _PART_OF.match(after(m))
        day = None
        if not m["whole"] and (dated or (self._english and not usual and not m["unit"])):
            backward = not dated and self._language.month_first and top > 12
            day = (
                None
                if backward or not m["bottom"].isdecimal()
                else self._dates.day_of(m, top, bottom)
            )
        if day:
            return day
        return self._part(m, top, bottom)

    def vulgar(self, m: Match[str]) -> str:
        """Say "½" and its kind."""
        part = Fraction(unicodedata.numeric(m["part"])).limit_denominator(16)
        return self._part(m, part.numerator, part.denominator)

    def _part(self, m: Match[str], top: int, bottom: int) -> str:
        forms, whole = self._data["fraction_forms"], m["whole"]
        german = self._numerals.language == "de"
        names = self._data["fractions"].get(str(bottom)) or self._numerals.part(bottom)
        part = noun(names or "", top == 1)
        unit = self._data["units"].get("″" if m["inch"] else m["unit"] or "", "")
        of = noun(unit, True) if unit else self._nouns.after(m)
        gender = self._nouns.gender(of) if of else "m"
        if of and not whole and (top, bottom) == (1, 2) and "half" in forms:
            return f"{forms['half'][gender]} {noun(unit, True)}".rstrip()
        count = self._numerals.counted(top)
        said = str(forms["alone"]).format(count=count, part=part)
        if names is None:
            over = self._numerals.cardinal(bottom)
            said = str(forms["over"]).format(top=self._numerals.cardinal(top), bottom=over)
        if bottom in forms["alone_spaced"] or bottom > 20:
            said = said.replace("-", " ")
        if whole:
            form = "mixed_half" if (top, bottom) == (1, 2) else "mixed"
            form = f"{form}_f" if gender == "f" and f"{form}_f" in forms else form
            counted = german or gender == "f"  # zweieinhalb, una y media
            count = self._numerals.counted(int(whole), gender == "f" and not german)
            said = str(forms[form]).format(
                whole=count if counted else self._numerals.number(whole), part=said
            )
        return f"{said} {noun(unit, not whole and top < bottom)}" if unit else said

    # Measures and money

    def measure(self, m: Match[str]) -> str:
        """Say a number with its unit."""
        percent = self._words["percent"]
        if m["unit"] == "%":
            return f"{self._numerals.number(m['num'])} {percent}"
        forms = self._data["units"][m["unit"]]
        if m["long"]:
            scaled = self._scale(m["num"], m["long"])
            return f"{scaled}{self._words['of_million']} {noun(forms, False)}"
        return self._numerals.count(m["num"], forms, bool(m["hyphen"]) or self._attribute(m))

    def _attribute(self, m: Match[str]) -> bool:
        """Tell whether a measure stands before its noun: "a five kilometer run"."""
        if not self._english or not _ARTICLE.search(before(m)):
            return False
        return _NOUN_AHEAD.match(after(m)) is not None

    def height(self, m: Match[str]) -> str:
        """Say feet and inches; "five foot seven" before a noun."""
        feet, inches = self._data["units"]["′"], self._data["units"]["″"]
        if _NOUN_AHEAD.match(after(m)):
            said = self._numerals.count(m["feet"], feet, one=True)
            return f"{said} {self._numerals.number(m['inches'])}"
        return (
            f"{self._numerals.count(m['feet'], feet)} {self._numerals.count(m['inches'], inches)}"
        )

    def inches(self, m: Match[str]) -> str:
        """Say a size in inches or feet, unless its mark closes a quotation."""
        line, mark = m.string[m.string.rfind("\n", 0, m.start()) + 1 : m.start()], m["mark"]
        alone = len(re.findall(rf"(?<![0-9]){mark}", line))
        opened = line.count("“") > alone if mark == "”" else alone % 2
        if opened and mark not in "″′":
            return self._numerals.number(m["num"]) + mark
        article = self._english and _ARTICLE.search(before(m)) and after(m)[1:2].isalpha()
        one = bool(article) or (self._english and _NOUN_AHEAD.match(after(m)) is not None)
        unit = self._data["units"]["″" if mark in '"″”' else "′"]
        return self._numerals.count(m["num"], unit, one)

    def ratio(self, m: Match[str]) -> str:
        """Say "3:1"."""
        ends = self._numerals.number(m["num"]), self._numerals.number(m["end"])
        return f" {self._words['ratio']} ".join(ends)

    def per(self, m: Match[str]) -> str:
        """Say "/month" and "/kg" after a quantity."""
        if not _QUANTITY.search(before(m)):
            return f" {self._words['slash']} {m['unit']}"
        unit = self._data["per"].get(m["unit"]) or noun(
            self._data["units"].get(m["unit"], "%"), True
        )
        return f" {self._words['per']} {unit}"

    def scaled(self, m: Match[str]) -> str:
        """Say "10k", "2x", "3 Mio."."""
        scale = m["short"] or m["long"]
        if scale == "K" and m["num"] in ("2", "4", "8"):  # the size of a picture
            return f"{self._numerals.number(m['num'])} K"
        stop = "." if scale[-1] == "." and self._language.ends_sentence(after(m)) else ""
        return self._scale(m["num"], scale) + stop

    def _scale(self, written: str, scale: str) -> str:
        forms = self._data["magnitudes"].get(scale, scale)
        if "|" in forms:
            return self._numerals.count(written, forms)
        return f"{self._numerals.number(written)} {forms}"

    def money(self, m: Match[str]) -> str:
        """Say an amount of a currency."""
        currency = self._language.currencies.get(m["sign"])
        if currency is None:
            return self._numerals.count(m["num"], self._data["minor_symbols"][m["sign"]])
        parts = m.groupdict()
        end = parts.get("end")
        if cents := parts.get("cents"):  # "$.50"
            places = cents.removeprefix(self._numerals.decimal).ljust(2, "0")
            return self._amount(m, f"0{self._numerals.decimal}{places}", currency)
        said = self._amount(m, end or m["num"], currency)
        if parts.get("negative"):
            said = f"{self._words['minus']} {said}"
        return f"{self._numerals.number(m['num'])} {self._words['to']} {said}" if end else said

    money_after = money

    def _amount(self, m: Match[str], written: str, currency: dict[str, Any]) -> str:
        name, minor, numerals = currency["name"], currency["minor"], self._numerals
        if currency.get("british"):  # "one hundred and fifty pounds" in America too
            numerals = replace(numerals, british=True)
        scale = m["long"] or m["short"]
        article = numerals.language == "en" and _ARTICLE.search(before(m))
        attribute = bool(article) and after(m)[:1] == " "  # a five dollar bill
        if scale:
            of = self._words["of_million"] if scale != "mil" else ""
            return f"{self._scale(written, scale)}{of} {noun(name, attribute)}"
        whole, _, places = written.partition(numerals.decimal)
        if len(places) > 2 and int(places) and places.rstrip("0")[2:]:
            return numerals.count(written, name)
        places = places[:2].ljust(2, "0") if places else ""
        if attribute and not int(places or 0):
            return f"{numerals.number(whole)} {noun(name, True)}"
        pounds = numerals.count(whole, name)
        if not int(places or 0):
            return pounds
        cents = numerals.count(str(int(places)), minor)
        if not numerals.whole(whole):
            return cents
        if numerals.language == "de":  # "zwei Euro fünfzig"
            cents = numerals.cardinal(int(places))
        return f"{pounds}{self._words['cents']}{cents}"
