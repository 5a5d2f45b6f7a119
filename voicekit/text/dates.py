"""How dates and times of day are said.

Each method says one class of `voicekit.text.written` and bears its name; None means "as written".
"""

from __future__ import annotations

import re
from re import Match
from typing import Any

from voicekit.text.written import Language, after, before, one_of

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

    def _iso_time(self, m: Match[str]) -> str | None:
        day = self._date_said(m, int(m["day"]), int(m["month"]), int(m["year"]), long=False)
        if day is None:
            return None
        said = f"{day}, {self._hours_said(m)}"
        if m["utc"]:
            return f"{said} {self.words['utc']}"
        if m["off"]:
            sign = self.words["plus" if m["sign"] == "+" else "minus"]
            ahead = self.numerals.cardinal(int(m["off"]))
            if m["offm"] and int(m["offm"]):
                ahead += f" {self.numerals.cardinal(int(m['offm']))}"
            return f"{said} {self.words['utc']} {sign} {ahead}"
        return said

    def _timed(self, m: Match[str]) -> str | None:
        """A time with its seconds: how long something took, or when it is."""
        how_long = one_of(self.data["times"]["duration"], " ").search(before(m))
        if how_long or m["hour"] in ("0", "00") or int(m["hour"]) > 24:
            return self._length_said(int(m["hour"]), int(m["minute"]), int(m["second"]))
        return self._hours_said(m)

    def _hours_said(self, m: Match[str]) -> str:
        """The hours of a day as 24, and the seconds if there are any."""
        hour, minute = int(m["hour"]), int(m["minute"])
        times = self.data["times"]
        form = times["small"] if 0 < minute < 10 else times["form"] if minute else "{hour} {minute}"
        if not minute:
            form = times["whole"] if times["clock"] != 12 else "{hour} hundred"
        said = str(form).format(
            hour=self.numerals.counted(hour, feminine=self.numerals.language == "es"),
            minute=self.numerals.cardinal(minute),
        )
        second = int(m["second"] or 0)
        if not second:
            return said
        return f"{said} {self.words['and']} {self._unit_said(second, 's')}"

    def _length_said(self, hours: int, minutes: int, seconds: int) -> str:
        parts = zip((hours, minutes, seconds), ("h", "min", "s"), strict=True)
        said = [self._unit_said(count, unit) for count, unit in parts if count]
        if len(said) > 1:
            return f"{', '.join(said[:-1])} {self.words['and']} {said[-1]}"
        return said[0] if said else self._unit_said(0, "s")

    def _unit_said(self, count: int, unit: str) -> str:
        one, many, *feminine = self.data["units"][unit].split("|")
        return f"{self.numerals.counted(count, bool(feminine))} {one if count == 1 else many}"

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

    def _date_said(
        self, m: Match[str], day: int, month: int, year: int | None, long: bool = True
    ) -> str | None:
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        name = self.data["dates"]["months"].split()[month - 1]
        form = "day" if self.language.month_first else "day_article"
        said = self._day_said(m, form, day, name)
        if year is not None:
            said += self.data["dates"]["year"].format(year=self.numerals.year(year, long=long))
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
        said = f"{said}, {self.numerals.year(int(m['year']))}" if m["year"] else said
        return said + self._last_stop(m)

    def _day_month(self, m: Match[str]) -> str:
        said = self._day_said(m, "day_article", int(m["day"]), self.language.months[m["month"]])
        if m["year"]:
            year = self.numerals.year(int(m["year"]))
            said += self.data["dates"]["year"].replace(",", "").format(year=year)
        return said + self._last_stop(m)

    def _last_stop(self, m: Match[str]) -> str:
        """The full stop behind a date: it ends the sentence, or only shortens the month's name."""
        if not m[0].endswith("."):
            return ""
        whole = m["month"] in self.data["dates"]["months"].split()
        return "." if whole or self.language.ends_sentence(after(m)) else ""

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
