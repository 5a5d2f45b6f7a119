"""What is counted: its gender, and the endings that German and Spanish numbers take before it."""

from __future__ import annotations

import re
from re import Match

from voicekit.text.written import Language, after, before, one_of

_NOUN = re.compile(r"[ \u00a0](?:[a-zäöüß]+[em][nrs]? )?([^\W\d_]{3,})")
_NEXT = re.compile(r"[ \u00a0]([^\W\d_]{3,})")
_WORDS = re.compile(r"(?:([^\W\d_]+) )?([^\W\d_]+) $")
_RANKED = re.compile(r"[0-9]\. ?(?:und|oder|bis) $")


class Nouns:
    """Tells the gender of the nouns of one language."""

    def __init__(self, language: Language) -> None:
        nouns = language.data["nouns"]
        dates = language.data["dates"]
        self._language = language
        self._numerals = language.numerals
        self._inflects = language.numerals.language != "en"
        self._german = language.numerals.language == "de"
        self._feminine = frozenset(nouns["feminine"].split())
        self._masculine = frozenset(nouns.get("masculine", "").split())
        self._neuter = frozenset(nouns.get("neuter", "").split())
        self._feminine_like = re.compile(nouns.get("feminine_like", r"(?!)"))
        self._soft = frozenset(language.data["soft_words"].split())
        self._endings: dict[str, str] = dates.get("endings", {})
        self._dative = frozenset(dates.get("dative", "").split())
        self._with_dative = one_of(dates.get("dative", "(?!)"), " ")
        self._with_accusative = one_of(dates.get("accusative", "(?!)"), " ")

    def after(self, m: Match[str]) -> str:
        """Return the noun that follows a number; empty where nothing is inflected or none does."""
        following = _NEXT.match(after(m)) if self._inflects else None
        noun = following[1] if following else ""
        if (
            noun in self._soft
            or noun in self._language.abbreviations
            or (self._german and not noun[:1].isupper())
        ):
            return ""
        return noun

    def gender(self, noun: str) -> str:
        """Return "f", "n" or "m"."""
        if noun in self._neuter or (self._german and noun.endswith(("chen", "lein", "um", "ment"))):
            return "n"
        if noun in self._feminine:
            return "f"
        if noun in self._masculine or not self._feminine_like.search(noun):
            german = [n for n in (*self._feminine, *self._neuter) if self._german and len(n) > 3]
            head = max((n for n in german if noun.endswith(n.lower())), key=len, default="")
            return "f" if head in self._feminine else "n" if head else "m"
        return "f"

    def count(self, m: Match[str], value: int, noun: str) -> str:
        """Say a number before its noun: "eine Woche", "in einer Woche", "doscientas personas"."""
        gender = self.gender(noun)
        said = self._numerals.counted(value, gender == "f") + self._numerals.of(value)
        if self._german and value == 1:
            if self._with_dative.search(before(m)):
                return said.removesuffix("e") + ("er" if gender == "f" else "em")
            if gender == "m" and self._with_accusative.search(before(m)):
                return f"{said}en"
        return said

    def ending(self, m: Match[str]) -> str | None:
        """Return the ending of a German rank, "3. Tag"; None where it is no rank."""
        ahead, words = after(m), _WORDS.search(before(m))
        last = words[2] if words else ""
        ending = self._endings.get(last, self._endings.get(last.lower()))
        noun = _NOUN.match(ahead)
        gender = self.gender(noun[1]) if noun else "m"
        if last.lower() in ("und", "oder", "bis") and not _RANKED.search(before(m)):
            ending = None
        if ending is not None:
            return "n" if last.lower() == "der" and gender == "f" else ending
        if ahead[1:2].isupper() and self._language.starters.match(ahead):
            return None
        if last in self._dative:
            return "r" if gender == "f" else "m"
        return {"f": "", "n": "s"}.get(gender, "r")
