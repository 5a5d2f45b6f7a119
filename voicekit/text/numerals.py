"""Numbers as words: cardinals, ordinals, years, decimals, single digits.

The words come from num2words; what is added here is the style of the language: American English
has no "and" and no commas ("one thousand two hundred thirty-four"), British English has the "and",
German counts "ein Euro" but "eins", Spanish "veintiún euros" but "veintiuno".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from num2words import num2words

_LONGEST = 15  # digits; longer numbers are read digit by digit
_SHORTENED = {"eins": "ein", "veintiuno": "veintiún", "uno": "un"}
_FEMININE = {"eins": "eine", "veintiuno": "veintiuna", "uno": "una"}
_FEMININE_HUNDREDS = ("cientos", "cientas")


@lru_cache(maxsize=8192)
def _words(number: int, kind: str, language: str) -> str:
    return str(num2words(number, lang=language, to=kind))


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
    """

    language: str
    british: bool = False
    decimal: str = "."
    group: str = ","
    point: str = "point"
    minus: str = "minus"

    def cardinal(self, number: int) -> str:
        """Say a count: 1234 → "one thousand two hundred thirty-four"."""
        if number < 0:
            return f"{self.minus} {self.cardinal(-number)}"
        return self._styled(number, "cardinal")

    def ordinal(self, number: int) -> str:
        """Say a rank: 21 → "twenty-first"."""
        return self._styled(number, "ordinal")

    def counted(self, number: int, feminine: bool = False) -> str:
        """Say a count before its noun: 1 → "ein" (German), 21 → "veintiún" (Spanish)."""
        said = self.cardinal(number)
        for ending, form in (_FEMININE if feminine else _SHORTENED).items():
            if said.endswith(ending) and self.language != "en":
                said = said.removesuffix(ending) + form
                break
        if feminine and self.language == "es":
            said = said.replace(*_FEMININE_HUNDREDS)
        return said

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
        high, low = divmod(number, 100)
        if low == 0:
            return f"{self.cardinal(high)} hundred"
        return f"{self.cardinal(high)} {'oh ' if low < 10 else ''}{self.cardinal(low)}"

    def digits(self, written: str) -> str:
        """Say each digit: "0420" → "zero four two zero"; other characters are left out."""
        return " ".join(self.cardinal(int(digit)) for digit in written if digit.isdecimal())

    def number(self, written: str) -> str:
        """Say a number as it was written, with its marks: "1,234.50", ".5", "007"."""
        whole, mark, places = written.replace(self.group, "").partition(self.decimal)
        long = len(whole) > _LONGEST or (len(whole) > 1 and whole[0] == "0")
        said = self.digits(whole) if long else self.cardinal(int(whole)) if whole else ""
        if mark:
            said = f"{said} {self.point} {self.digits(places)}".strip()
        return said

    def whole(self, written: str) -> int | None:
        """Return the value when the number has no decimals, else None."""
        plain = written.replace(self.group, "")
        return int(plain) if plain.isdecimal() and len(plain) <= _LONGEST else None

    def _styled(self, number: int, kind: str) -> str:
        said = _words(number, kind, self.language)
        if self.language == "en":
            said = said.replace(",", "")
            said = said if self.british else said.replace(" and ", " ")
        return said
