"""How numbers are said: counts, years, ranks, telephone and order numbers.

Each method says one class of `voicekit.text.written` and bears its name; None means "as written".
"""

# ruff: noqa: RUF001 - typographic dashes and quotes are this module's subject

from __future__ import annotations

import re
from re import Match

from voicekit.text.dates import NUMBERS
from voicekit.text.nouns import Nouns
from voicekit.text.written import Language, after, before, one_of

_RUNS = re.compile(r"[0-9]+|[^\W\d_]+")
_YEARS_ON = re.compile(r"\s?[-–]\s?[0-9]{4}(?![0-9])")
_YEARS_BACK = re.compile(r"[0-9]{4}\s?[-–]\s?$")
_LONG = 9  # digits without marks between them: a number that identifies


class Quantities:
    """Says the quantities of one language.

    Args:
        language: its rules.
        nouns: tells the gender of what is counted.
    """

    def __init__(self, language: Language, nouns: Nouns) -> None:
        self._language = language
        self._nouns = nouns
        self._data = data = language.data
        self._words: dict[str, str] = data["words"]
        self._numerals = language.numerals
        digits = data["digits"]
        between = "|".join(map(re.escape, digits["between"].split()))
        self._identifier = one_of(digits["before"], rf"(?:[\s:.]+(?:{between}))*[\s:.#]*")
        self._dialled = one_of(digits["call"], " ")
        self._in_year = one_of(data["years"]["before"], " (?:de )?")

    # Numbers

    def number(self, m: Match[str]) -> str:
        """Say a number: a count, a year or an identifier, by the words around it."""
        written, ahead = m["num"], before(m)
        if written.isdecimal():
            dialled = len(written) == 3 and self._dialled.search(ahead)
            long = len(written) >= _LONG and not written.endswith("000")
            if dialled or long or (len(written) >= 4 and self._identifier.search(ahead)):
                return self._numerals.digits(written)
            if len(written) == 4 and self._is_year(int(written), m):
                return self._numerals.year(int(written))
        if ahead.rstrip().lower().endswith(self._words["version"].lower()):
            return self._dotted(written)
        value = self._numerals.whole(written)
        if value is not None and written[0] != "0" and (counted := self._nouns.after(m)):
            return self._nouns.count(m, value, counted)
        return self._numerals.number(written)

    def _is_year(self, year: int, m: Match[str]) -> bool:
        if 1900 <= year < 2100:
            return True
        ranged = _YEARS_ON.match(after(m)) or _YEARS_BACK.search(before(m))
        return 1000 <= year < 1900 and bool(ranged or self._in_year.search(before(m)))

    def numero(self, m: Match[str]) -> str:
        """Say "#5" and "N° 5"."""
        digits = m["num"]
        if not digits:
            return self._words["number"]
        long = len(digits) >= 5 or (len(digits) > 2 and self._identifier.search(before(m)))
        said = self._numerals.digits(digits) if long else self._numerals.number(digits)
        return f"{self._words['number']} {said}"

    def parts(self, m: Match[str]) -> str:
        """Say numbers between points, "2.5.1"."""
        return self._dotted(m["num"])

    def version(self, m: Match[str]) -> str:
        """Say "v2.5"."""
        return f"{self._words['version']} {self._dotted(m['num'])}"

    def _dotted(self, written: str) -> str:
        parts = (self._numerals.number(part) for part in written.split("."))
        return f" {self._numerals.point} ".join(parts)

    def ordinal(self, m: Match[str]) -> str | None:
        """Say "21st", "1.ª", "3ter"."""
        rank, parts = self._numerals.whole(m["num"]), m.groupdict()
        if rank is None:
            return None
        tail, mark = parts.get("tail") or "", parts.get("mark") or ""
        if self._numerals.language == "de":
            return self._numerals.ordinal(rank) + tail[tail.index("e") + 1 :]
        masculine = mark in tuple("º°ᵒo")
        short = bool(parts.get("short") or (masculine and self._nouns.after(m)))
        feminine = mark in tuple("ªaᵃ") or tail.endswith("a")
        return self._numerals.ordinal(rank, feminine, short)

    def ranked(self, m: Match[str]) -> str:
        """Say a German number with a point: a rank before its noun, else the end of a sentence."""
        ending = self._nouns.ending(m)
        if ending is None:
            return f"{self._numerals.number(m['num'])}."
        return self._numerals.ordinal(int(m["num"])) + ending

    def decade(self, m: Match[str]) -> str:
        """Say "the '90s", "1960s", "90er"."""
        short = m["ten"] or m["two"] or m["bare"] or m["after"] or m["old"]
        said = self._numerals.cardinal(int(short)) if short else self._numerals.year(int(m["four"]))
        if self._numerals.language == "de":
            return said + m[0].lstrip("0123456789'’")
        if self._numerals.language == "es":
            return said
        return f"{said.removesuffix('y')}ies" if said.endswith("y") else f"{said}s"

    def phone(self, m: Match[str]) -> str:
        """Say a telephone number, digit by digit, in its groups."""
        groups = ", ".join(self._numerals.digits(group) for group in NUMBERS.findall(m[0]))
        return f"{self._words['plus']} {groups}" if m[0][0] == "+" else groups

    def identity(self, m: Match[str]) -> str:
        """Say groups of digits that identify; two groups elsewhere are a range."""
        first, *others = NUMBERS.findall(m[0])
        if len(others) == 1 and not self._identifier.search(before(m)):
            last = self._numerals.number(others[0])
            return f"{self._numerals.number(first)} {self._words['to']} {last}"
        return ", ".join(self._numerals.digits(group) for group in NUMBERS.findall(m[0]))

    def vanity(self, m: Match[str]) -> str:
        """Say "1-800-" before a word."""
        groups = (int(group) for group in NUMBERS.findall(m[0]))
        return ", ".join(self._numerals.cardinal(group) for group in groups) + ", "

    def ip(self, m: Match[str]) -> str:
        """Say an address of the Internet Protocol."""
        return f" {self._words['dot']} ".join(self._numerals.digits(p) for p in m[0].split("."))

    def house(self, m: Match[str]) -> str:
        """Say the number of a house: three digits one by one, or in two parts on a city's grid."""
        number = int(m[0])
        if len(m[0]) == 4:
            return self._numerals.year(number)
        if len(m[0]) == 3:
            return self._numerals.pairs(number) if m["way"] else self._numerals.digits(m[0])
        return self._numerals.number(m[0]) if len(m[0]) < 3 else self._numerals.digits(m[0])

    def state(self, m: Match[str]) -> str:
        """Say a state with its ZIP code, or the code before a town."""
        if m["code"]:
            return self._numerals.digits(m["code"])
        digits = ", ".join(self._numerals.digits(part) for part in (m["zip"] or "").split("-"))
        return f"{self._data['states'][m['state']]} {digits}".rstrip()

    def code(self, m: Match[str]) -> str | None:
        """Say letters one by one and digits one by one, "A-1042"."""
        runs = _RUNS.findall(m[0])
        if len(runs[0]) > 4 and runs[0].isalpha():  # a word with a number: COVID-19
            return f"{runs[0]} {' '.join(self._numerals.number(n) for n in runs[1:])}"
        short = len(runs) == 2 and all(len(run) <= 1 + run.isdigit() for run in runs)
        read = self._numerals.number if short else self._numerals.digits
        return " ".join(read(run) if run.isdigit() else " ".join(run) for run in runs)

    def mixed(self, m: Match[str]) -> str:
        """Say a name of letters and digits, "ab9453", "iPhone15", "mp3"."""
        runs = _RUNS.findall(m[0])
        identifies = self._identifier.search(before(m)) or max(map(len, runs)) > 6 - len(runs)
        said = []
        for run in runs:
            if run.isdigit():
                one_by_one = run[0] == "0" or len(run) > 2 or len(runs) > 2
                said.append((self._numerals.digits if one_by_one else self._numerals.number)(run))
            elif len(run) > 3 or (not identifies and len(run) == 3 and set(run) & set("aeiou")):
                said.append(run)
            else:
                said.append(" ".join(run.upper()))
        return " ".join(said)
