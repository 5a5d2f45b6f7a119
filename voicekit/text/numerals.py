"""Numbers as words: cardinals, ordinals, years, decimals, single digits, counted nouns.

The words come from num2words; what is added here is the style of the language: American English
has no "and" and no commas ("one thousand two hundred thirty-four"), British English has the "and",
German counts "ein Euro" but "eins", Spanish "veintiún euros" but "veintiuno".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from num2words import num2words

_LONGEST = 15  # digits; longer numbers are read digit by digit
_LONGEST_GROUPED = 27  # digits, of a number with marks between its thousands
_SHORTENED = {"eins": "ein", "veintiuno": "veintiún", "uno": "un"}
_FEMININE = {"eins": "eine", "veintiuno": "veintiuna", "uno": "una"}
_FEMININE_HUNDREDS = ("ientos", "ientas")
_GAPS = re.compile("[ \u00a0\u2009\u202f'’]")  # noqa: RUF001 - marks between thousands
_PLAIN = str.maketrans("óéí", "oei")
# num2words 0.5 writes some Spanish ordinals as nobody does; the Academy's forms.
_SPANISH_ORDINALS = {
    "décimoprimero": "undécimo",
    "décimosegundo": "duodécimo",
    "décimo octavo": "decimoctavo",
    "décimo ": "decimo",
    "quadr": "cuadr",
    "drigent": "dringent",
    "tigent": "tingent",
}


@lru_cache(maxsize=8192)
def _words(number: int, kind: str, language: str) -> str:
    said = str(num2words(number, lang=language, to=kind))
    if (language, kind) == ("es", "ordinal"):
        for wrong, right in _SPANISH_ORDINALS.items():
            said = said.replace(wrong, right)
    return said


def noun(forms: str, one: bool) -> str:
    """Choose between the forms of a noun, "one|many" or "one|many|f"."""
    return forms.split("|")[0 if one else 1]


@dataclass(frozen=True)
class Numerals:
    """Number words of one language.

    Args:
        language: "en", "de" or "es".
        british: English with "and" after the hundreds.
        decimal: the decimal mark, as written.
        group: the mark between thousands, as written.
        point: the decimal mark, as said.
        minus: the sign, as said.
        of_million: what stands between a round million and its noun, with a space before it.
    """

    language: str
    british: bool = False
    decimal: str = "."
    group: str = ","
    point: str = "point"
    minus: str = "minus"
    of_million: str = ""

    def cardinal(self, number: int) -> str:
        """Say a count: 1234 → "one thousand two hundred thirty-four"."""
        if number < 0:
            return f"{self.minus} {self.cardinal(-number)}"
        return self._styled(number, "cardinal")

    def ordinal(self, number: int, feminine: bool = False, short: bool = False) -> str:
        """Say a rank: 21 → "twenty-first"; German without an ending: "dritte".

        Args:
            number: the rank.
            feminine: Spanish "primera".
            short: Spanish "primer", before a masculine noun.
        """
        said = self._styled(number, "ordinal")
        if feminine and self.language == "es":
            return re.sub(r"o\b", "a", said).replace("decima", "decimo")
        if short and said.endswith(("primero", "tercero")):
            return said[:-1]
        return said

    def part(self, bottom: int) -> str | None:
        """Say the denominator of a fraction as "one|many": 7 → "seventh|sevenths".

        None where people say both numbers: "one over one hundred thirty-four".
        """
        round_number = not bottom % 10 ** (len(str(bottom)) - 1)
        if bottom < 2 or (bottom > 100 and not round_number):
            return None
        part = self.ordinal(bottom)
        if self.language == "de":
            part = f"{part}l".capitalize()
        if self.language == "es" and 10 < bottom < 100:
            joined = self.cardinal(bottom).replace(" y ", "i").translate(_PLAIN)
            part = f"{joined.removesuffix('a').replace('uno', 'un')}avo"
        return f"{part}|{part}" if self.language == "de" else f"{part}|{part}s"

    def counted(self, number: int, feminine: bool = False) -> str:
        """Say a count before its noun: 1 → "ein" (German), 21 → "veintiún" (Spanish)."""
        said = self.cardinal(number)
        if self.language == "de" and number != 1:
            return said
        for ending, form in (_FEMININE if feminine else _SHORTENED).items():
            if said.endswith(ending) and self.language != "en":
                said = said.removesuffix(ending) + form
                break
        if feminine and self.language == "es" and number < 10**6:
            said = said.replace(*_FEMININE_HUNDREDS)
        return said

    def count(self, written: str, forms: str, one: bool = False) -> str:
        """Say a number with its noun: "5" of "euro|euros" → "five euros".

        Args:
            written: the number as written.
            forms: "one|many", with "|f" when the noun is feminine.
            one: the noun is singular whatever the number: "a five kilometer run".
        """
        value, count = self.whole(written), self.number(written)
        if value is not None and not (written[0] == "0" and len(written) > 2):
            count = self.counted(value, forms.endswith("|f")) + self.of(value)
        return f"{count} {noun(forms, one or value == 1)}"

    def of(self, value: int) -> str:
        """Return what stands between a round million and its noun: "un millón de euros"."""
        return self.of_million if value >= 10**6 and value % 10**6 == 0 else ""

    def year(self, number: int, long: bool = False) -> str:
        """Say a year: 1905 → "nineteen oh five", 2026 → "twenty twenty-six".

        Args:
            number: the year.
            long: English only: "two thousand twenty-six".
        """
        if self.language != "en":
            return self._styled(number, "year")
        if (long and number >= 2000) or number % 1000 < 10 or number < 1000:
            return self.cardinal(number)
        return self.pairs(number)

    def pairs(self, number: int) -> str:
        """Say a number of three or four digits in two parts: 708 → "seven oh eight"."""
        high, low = divmod(number, 100)
        if low == 0:
            return f"{self.cardinal(high)} hundred"
        return f"{self.cardinal(high)} {'oh ' if low < 10 else ''}{self.cardinal(low)}"

    def digits(self, written: str) -> str:
        """Say each digit: "0420" → "zero four two zero"; other characters are left out."""
        return " ".join(self.cardinal(int(digit)) for digit in written if digit.isdecimal())

    def number(self, written: str) -> str:
        """Say a number as it was written, with its marks: "1,234.50", ".5", "007"."""
        whole, mark, places = self._plain(written).partition(self.decimal)
        grouped = len(whole) < len(written.partition(self.decimal)[0])
        long = len(whole) > (_LONGEST_GROUPED if grouped else _LONGEST)
        zeros = len(whole) > 1 and whole[0] == "0"
        said = self.digits(whole) if long or zeros else self.cardinal(int(whole)) if whole else ""
        if mark:
            said = f"{said} {self.point} {self.places(places)}".strip()
        return said

    def places(self, written: str) -> str:
        """Say what is behind the decimal mark; two places are a number in Spanish."""
        if self.language == "es" and len(written) == 2 and written[0] != "0":
            return self.cardinal(int(written))
        return self.digits(written)

    def whole(self, written: str) -> int | None:
        """Return the value when the number has no decimals, else None."""
        plain = self._plain(written)
        return int(plain) if plain.isdecimal() and len(plain) <= _LONGEST_GROUPED else None

    def _plain(self, written: str) -> str:
        return _GAPS.sub("", written.replace(self.group, ""))

    def _styled(self, number: int, kind: str) -> str:
        said = _words(number, kind, self.language)
        if self.language == "en":
            said = said.replace(",", "")
            said = said if self.british else said.replace(" and ", " ")
        return said
