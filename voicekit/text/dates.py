"""How dates and times of day are said.

Each method says one class of `voicekit.text.written` and bears its name; None means "as written".
"""

from __future__ import annotations

import re
from re import Match
from typing import Any

from voicekit.text.written import Language, after, before

NUMBERS = re.compile(r"[0-9]+")
_LAST_WORD = re.compile(r"([^\W\d_]+) $")


class Dates:
    """Says the dates and times of one language."""

    def __init__(self, language: Language) -> None:
        self.data: dict[str, Any] = language.data
        self.words: dict[str, str] = language.data["words"]
        self.language = language
        self.numerals = language.numerals

    def _iso_date(self, m: Match[str]) -> str | None:
        return self._date_said(m, int(m["day"]), int(m["month"]), int(m["year"]))

    def _date(self, m: Match[str]) -> str | None:
        numbers = [int(n) for n in NUMBERS.findall(m[0])]
        said = self._day_of(m, *numbers)
        return said or f" {self.words['slash']} ".join(map(self.numerals.cardinal, numbers))

    def _day_of(
        self, m: Match[str], first: int, second: int, year: int | None = None
    ) -> str | None:
        """Say a day written as two numbers, in the order of the region unless only one fits."""
        month_first = (self.language.month_first or second > 12) and first <= 12
        month, day = (first, second) if month_first else (second, first)
        century = 2000 if year is not None and year < 100 else 0
        return self._date_said(m, day, month, None if year is None else year + century)

    def _date_said(self, m: Match[str], day: int, month: int, year: int | None) -> str | None:
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        name = self.data["dates"]["months"].split()[month - 1]
        form = "day" if self.language.month_first else "day_article"
        said = self._day_said(m, form, day, name)
        if year is not None:
            said += self.data["dates"]["year"].format(year=self.numerals.year(year, long=True))
        return said

    def _day_said(self, m: Match[str], form: str, day: int, month: str) -> str:
        dates, ordinal = self.data["dates"], self.numerals.ordinal(day)
        if "endings" in dates:
            word = _LAST_WORD.search(before(m))
            ordinal += dates["endings"].get(word[1].lower() if word else "", dates["ending_alone"])
        cardinal = self.numerals.cardinal(day)
        said = str(dates[form].format(month=month, ordinal=ordinal, cardinal=cardinal))
        return said.removeprefix("the ") if before(m).lower().endswith("the ") else said

    def _month_day(self, m: Match[str]) -> str:
        said = self._day_said(m, "day", int(m["day"]), self.language.months[m["month"]])
        if m["weekday"]:
            said = f"{self.data['dates']['weekdays'][m['weekday']]}, {said}"
        if m["last"]:
            said += f" {self.words['to']} {self.numerals.ordinal(int(m['last']))}"
        return f"{said}, {self.numerals.year(int(m['year']))}" if m["year"] else said

    def _day_month(self, m: Match[str]) -> str:
        said = self._day_said(m, "day_article", int(m["day"]), self.language.months[m["month"]])
        if m["year"]:
            year = self.numerals.year(int(m["year"]))
            said += self.data["dates"]["year"].replace(",", "").format(year=year)
        return said

    def _half_day(self, m: Match[str]) -> str:
        said = self._clock_said(int(m["hour"]), int(m["minute"] or 0), f"{m['half'].upper()}M")
        ends = m[0].endswith(".") and self.language.ends_sentence(after(m))
        return f"{said}." if ends else said

    def _clock(self, m: Match[str]) -> str:
        hour = int(m["hour"] or m["whole"])
        return self._clock_said(hour % 24, int(m["minute"] or 0))

    def _clock_said(self, hour: int, minute: int, half: str = "") -> str:
        times = self.data["times"]
        if times["clock"] == 12 and not half and (hour > 12 or hour == 0):
            half = "PM" if hour > 12 else "AM"
        if times["clock"] == 12:
            hour = hour % 12 or 12
        form = times["whole"] if not minute else times["small"] if minute < 10 else times["form"]
        if half and not minute:
            form = "{hour}"
        spoken_hour = self.numerals.counted(hour, feminine=self.numerals.language == "es")
        said = str(form).format(hour=spoken_hour, minute=self.numerals.cardinal(minute))
        return f"{said} {half}".strip()
