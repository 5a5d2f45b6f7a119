"""How dates and times of day are said.

Each method says one class of `voicekit.text.written` and bears its name; None means "as written".
"""

from __future__ import annotations

import re
from re import Match

from voicekit.text.written import Language, after, before, one_of

NUMBERS = re.compile(r"[0-9]+")
_LAST_WORD = re.compile(r"([^\W\d_]+) $")
_LATEST = 50  # years of two digits from here on belong to the last century
_LATEST_BORN = 27


class Dates:
    """Says the dates and times of one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._data = language.data["dates"]
        self._times = language.data["times"]
        self._words: dict[str, str] = language.data["words"]
        self._units: dict[str, str] = language.data["units"]
        self._numerals = language.numerals
        self._feminine = language.numerals.language == "es"
        self._duration = one_of(self._times["duration"], f" (?:(?:{self._times['linking']}) )?")
        self._scored = one_of(self._times["scores"], f" (?:(?:{self._times['linking']}) )?")
        self._born = one_of(self._data["born"], r"\W(?:\w+ ){0,2}")

    # Dates

    def iso_date(self, m: Match[str]) -> str | None:
        """Say 2026-11-21, and 2026/11/21 as a date of the day's talk."""
        if m["years"]:
            name = self._data["months"].split()[int(m["months"]) - 1]
            return f"{name} {self._numerals.year(int(m['years']))}"
        long = "-" in m[0]
        return self._date_said(m, int(m["day"]), int(m["month"]), int(m["year"]), long)

    def iso_time(self, m: Match[str]) -> str | None:
        """Say a date with its time and its distance from UTC."""
        day = self._date_said(m, int(m["day"]), int(m["month"]), int(m["year"]), long=False)
        if day is None:
            return None
        said = f"{day}, {self._hours_said(m)}"
        if m["utc"]:
            return f"{said} {self._words['utc']}"
        return f"{said} {self._offset(m['sign'], m['off'], m['offm'])}" if m["off"] else said

    def utc(self, m: Match[str]) -> str:
        """Say "UTC+1:30"."""
        hours, *minutes = NUMBERS.findall(m[0])
        said = self._offset("+" if "+" in m[0] else "-", hours, minutes[0] if minutes else None)
        return said if m[0][0] == "U" else said.replace(self._words["utc"], "G M T")

    def date(self, m: Match[str]) -> str | None:
        """Say a date of numbers, in the order of the region unless only one order fits."""
        numbers = [int(n) for n in NUMBERS.findall(m[0])]
        said = self.day_of(m, *numbers)
        return said or f" {self._words['slash']} ".join(map(self._numerals.cardinal, numbers))

    def day_of(self, m: Match[str], first: int, second: int, year: int | None = None) -> str | None:
        """Say a day written as two numbers; None when they are no day."""
        month_first = (self._language.month_first or second > 12) and first <= 12
        month, day = (first, second) if month_first else (second, first)
        if year is not None and year < 100:
            latest = _LATEST_BORN if self._born.search(before(m)) else _LATEST
            year += 2000 if year < latest else 1900
        return self._date_said(m, day, month, year)

    def month_day(self, m: Match[str]) -> str:
        """Say "Nov 21, 2026" and "Dec 24-26"."""
        said = self._day_said(m, "day", int(m["day"]), self._language.months[m["month"]])
        if m["weekday"]:
            said = f"{self._data['weekdays'][m['weekday']]}, {said}"
        if m["last"]:
            said += f" {self._words['to']} {self._numerals.ordinal(int(m['last']))}"
        said = f"{said}, {self._numerals.year(int(m['year']))}" if m["year"] else said
        return said + self._last_stop(m)

    def day_month(self, m: Match[str]) -> str:
        """Say "21 November 2026", "5. Mai" and "5 de mayo"."""
        said = self._day_said(m, "day_article", int(m["day"]), self._language.months[m["month"]])
        if m["year"]:
            year = self._numerals.year(int(m["year"]))
            said += self._data["year"].replace(",", "").format(year=year)
        return said + self._last_stop(m)

    def _date_said(
        self, m: Match[str], day: int, month: int, year: int | None, long: bool = True
    ) -> str | None:
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        name = self._data["months"].split()[month - 1]
        form = "day" if self._language.month_first else "day_article"
        said = self._day_said(m, form, day, name)
        if year is not None:
            said += self._data["year"].format(year=self._numerals.year(year, long=long))
        return said

    def _day_said(self, m: Match[str], form: str, day: int, month: str) -> str:
        ordinal = self._numerals.ordinal(day)
        if "endings" in self._data:
            word = _LAST_WORD.search(before(m))
            ending = self._data["endings"].get(word[1].lower() if word else "")
            ordinal += self._data["ending_alone"] if ending is None else ending
        cardinal = self._numerals.cardinal(day)
        said = str(self._data[form].format(month=month, ordinal=ordinal, cardinal=cardinal))
        return said.removeprefix("the ") if before(m).lower().endswith("the ") else said

    def _last_stop(self, m: Match[str]) -> str:
        """The full stop behind a date: it ends the sentence, or only shortens the month's name."""
        if not m[0].endswith("."):
            return ""
        whole = m["month"].lower() in self._data["months"].lower().split()
        return "." if whole or self._language.ends_sentence(after(m)) else ""

    # Times

    def half_day(self, m: Match[str]) -> str:
        """Say "9:30 a.m."; Spanish says the part of the day."""
        hour, half = int(m["hour"]), m["half"].upper()
        halves = self._times.get("halves")
        name = f"{half}M"
        if halves:
            night = 8 <= hour < 12 if half == "P" else hour == 12
            name = halves["night" if night else "noon" if hour == 12 else half]
        said = self._clock_said(hour, int(m["minute"] or 0), name)
        ends = m[0].endswith(".") and self._language.ends_sentence(after(m))
        return f"{said}." if ends else said

    def clock(self, m: Match[str]) -> str:
        """Say "14:30", and "14.30 Uhr" where a point is the mark."""
        parts = m.groupdict()
        if m["hour"] and m[0] == f"{m['hour']}:{m['minute']}" and self._scored.search(before(m)):
            goals = (self._numerals.cardinal(int(n)) for n in (m["hour"], m["minute"]))
            return f" {self._words['ratio']} ".join(goals)
        hour = m["hour"] or parts.get("whole") or parts.get("dotted") or parts["at"]
        minute = m["minute"] or parts.get("minutes") or parts.get("past") or 0
        return self._clock_said(int(hour), int(minute))

    def timed(self, m: Match[str]) -> str | None:
        """Say a time with its seconds: how long something took, or when it is."""
        how_long = self._duration.search(before(m))
        if how_long or m["hour"] in ("0", "00") or int(m["hour"]) > 24:
            return self.length(int(m["hour"]), int(m["minute"]), int(m["second"]))
        return self._hours_said(m)

    def span(self, m: Match[str]) -> str:
        """Say "2h 30m"."""
        times = (m["hours"], m["minutes"] or m["mins"], m["seconds"] or m["secs"])
        parts = zip(times, ("h", "min", "s"), strict=True)
        return " ".join(self._numerals.count(str(int(n)), self._units[u]) for n, u in parts if n)

    def length(self, hours: int, minutes: int, seconds: int) -> str:
        """Say how long something took: "one hour, one minute and one second"."""
        parts = zip((hours, minutes, seconds), ("h", "min", "s"), strict=True)
        said = [
            self._numerals.count(str(count), self._units[unit]) for count, unit in parts if count
        ]
        if len(said) > 1:
            return f"{', '.join(said[:-1])} {self._words['and']} {said[-1]}"
        return said[0] if said else self._numerals.count("0", self._units["s"])

    def _hours_said(self, m: Match[str]) -> str:
        """The hours of a day as 24, and the seconds if there are any."""
        hour, minute, second = int(m["hour"]), int(m["minute"]), int(m["second"] or 0)
        form = self._times["small" if minute < 10 else "form"]
        if not minute:
            form = self._times["whole"] if self._times["clock"] != 12 else "{hour} hundred"
        said = self._filled(form, hour, minute)
        if not second:
            return said
        return f"{said} {self._words['and']} {self._numerals.count(str(second), self._units['s'])}"

    def _clock_said(self, hour: int, minute: int, half: str = "") -> str:
        if self._times["clock"] == 12:
            if not half and (hour > 12 or hour == 0):
                half = "PM" if 12 < hour < 24 else "AM"
            hour = hour % 12 or 12
        form = self._times["whole" if not minute else "small" if minute < 10 else "form"]
        if half and not minute:
            form = "{hour}"
        return f"{self._filled(form, hour, minute)} {half}".strip()

    def _filled(self, form: str, hour: int, minute: int) -> str:
        said = self._numerals.counted(hour, feminine=self._feminine)
        return str(form).format(hour=said, minute=self._numerals.cardinal(minute))

    def _offset(self, sign: str, hours: str, minutes: str | None) -> str:
        ahead = self._numerals.cardinal(int(hours))
        if minutes and int(minutes):
            ahead += f" {self._numerals.cardinal(int(minutes))}"
        return f"{self._words['utc']} {self._words['plus' if sign == '+' else 'minus']} {ahead}"
