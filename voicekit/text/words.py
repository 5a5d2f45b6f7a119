"""How words are said: names, Roman numerals, initials, abbreviations, streets, keys.

Each method says one class of `voicekit.text.written` and bears its name; None means "as written".
"""

from __future__ import annotations

import re
from re import Match

from voicekit.text.addresses import Addresses
from voicekit.text.written import Language, after, before

_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_FORM = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_STREET_NAME = r"(?:[A-Z][a-z]+\.?|[0-9]+(?:st|nd|rd|th)) "
_PROPER_BEFORE = re.compile(_STREET_NAME + "$")
_HOUSE_BEFORE = re.compile(rf"[0-9]+ (?:(?:NE|NW|SE|SW|[NSEW])\.? )?(?:{_STREET_NAME}){{1,3}}$")
_PREVIOUS = re.compile(r"([^\W\d_]+)\.?[ \t]+$")
_NEXT = re.compile(r"[ \t]+([^\W\d_]+)")
_REIGN = re.compile(
    r"(?:King|Queen|Pope|Emperor|Tsar|König|Kaiser|Papst|Zar|Rey|Papa|rey|papa) [A-Z]\w+ $"
)
_COMPASS = {"N": "North", "S": "South", "E": "East", "W": "West"}


class Words:
    """Says the words of one language that are not said as they are written.

    Args:
        language: its rules.
        addresses: spells the names of keys that are no words.
    """

    def __init__(self, language: Language, addresses: Addresses) -> None:
        self._language = language
        self._addresses = addresses
        self._data = data = language.data
        self._to: str = data["words"]["to"]
        self._numerals = language.numerals
        acronyms, roman = data["acronyms"], data["roman"]
        self._letters = frozenset(acronyms["letters"].split())
        self._acronyms = frozenset(acronyms["words"].split())
        self._rulers = frozenset(roman["rulers"].split())
        self._queens = frozenset(roman.get("queens", "").split())
        self._headings = frozenset(roman["headings"].split())
        self._never_roman = frozenset(roman["never"].split())

    def word(self, m: Match[str]) -> str | None:
        """Say a word of the lexicon."""
        said: str | None = self._data["lexicon"].get(m[0])
        return said

    lexicon = word

    def name(self, m: Match[str]) -> str:
        """Say a name: a Roman numeral, initials letter by letter, or as it is."""
        base, apostrophe, ending = m[0].partition("'")
        if base.endswith("s") and base[:-1] in self._letters:
            return " ".join(base[:-1]) + str(self._data["acronyms"]["plural"])
        if not base.isupper():
            return m[0]
        said = self._roman(base, m) or self._initials(base, m)
        return said + apostrophe + ending

    def reign(self, m: Match[str]) -> str | None:
        """Say a Roman numeral with the point of a rank: "Friedrich II. war"."""
        return self._roman(m["roman"], m) or f"{self._initials(m['roman'], m)}."

    def _roman(self, base: str, m: Match[str]) -> str | None:
        if not _ROMAN_FORM.fullmatch(base):
            return None
        match = _PREVIOUS.search(before(m))
        previous = match[1] if match else ""
        headed = previous in self._headings or previous.title() in self._headings
        if base in self._never_roman and not (headed and set(base) <= set("IVXL")):
            return None
        sure = len(base) > 1 or self._numerals.language != "en" or _REIGN.search(before(m))
        reign = previous in self._rulers and sure
        if base == "IV" and previous.islower():  # a drip
            return None
        lone = len(base) == 1 and not headed
        unlikely = not headed and not previous.istitle() and not set(base) <= set("IVX")
        if not reign and (lone or unlikely):
            return None
        values = [_ROMAN[letter] for letter in base]
        pairs = zip(values, [*values[1:], 0], strict=True)
        number = sum(value if value >= following else -value for value, following in pairs)
        form = self._data["roman"]
        if not reign or number > form.get("up_to", number):
            return self._numerals.cardinal(number)
        queen = previous in self._queens
        said = str(form["ordinal"]).format(ordinal=self._numerals.ordinal(number, queen))
        return said.replace("der ", "die ") if queen else said

    def _initials(self, base: str, m: Match[str]) -> str:
        if base in self._letters:
            return " ".join(base)
        around = (_PREVIOUS.search(before(m)), _NEXT.match(after(m)))
        known = self._letters | self._acronyms
        shouted = any(w and w[1].isupper() and len(w[1]) > 1 and w[1] not in known for w in around)
        if shouted or len(base) == 1 or base in self._acronyms:
            return base
        unspeakable = len(base) <= 3 or not set(base) & set("AEIOUYÄÖÜÁÉÍÓÚ")
        return " ".join(base) if unspeakable and len(base) <= 5 else base

    def abbreviation(self, m: Match[str]) -> str:
        """Say an abbreviation in full, with its full stop where a sentence ends."""
        short = m["short"]
        if short == "St" and after(m)[1:2].isupper():
            return "Saint" if "St" in self._data["streets"] else self._language.abbreviations[short]
        said = self._language.abbreviations[short]
        return said if short in self._data["abbreviations"]["titles"] else said + self._stop(m)

    def before_number(self, m: Match[str]) -> str:
        """Say "Fig." before its number."""
        parts = m.groupdict()
        mark = ":" if parts["colon"] or parts["only"] else ""
        return f"{self._language.abbreviations[m['short']]}{mark} "

    def weekday(self, m: Match[str]) -> str:
        """Say the short name of a day, and "Mon-Fri"."""
        days, parts = self._data["dates"]["weekdays"], m.groupdict()
        if m["last"]:
            return f"{days[m['name']]} {self._to} {days[m['last']]}"
        if m[0][-1] == " ":
            return f"{days[m['name']]}, "
        return str(days[m["name"]]) + (self._stop(m) if parts["dot"] else "")

    def month_name(self, m: Match[str]) -> str:
        """Say the short name of a month."""
        return self._language.months[m["name"]] + (self._stop(m) if m["dot"] else "")

    def dotted(self, m: Match[str]) -> str:
        """Say "U.S." letter by letter."""
        return " ".join(m[0].replace(".", "")) + self._stop(m)

    def street(self, m: Match[str]) -> str | None:
        """Say "St." as a street or a saint, by the words around it."""
        name, ahead = m["name"], before(m)
        if name in ("St", "Dr") and not _HOUSE_BEFORE.search(ahead):
            titled = after(m)[:1] == " " and after(m)[1:2].isupper()
            if titled:
                return ("Saint" if name == "St" else "Doctor") if m["dot"] else None
        if not _PROPER_BEFORE.search(ahead) and not _HOUSE_BEFORE.search(ahead):
            return None
        return str(self._data["streets"][name]) + (self._stop(m) if m["dot"] else "")

    def street_end(self, m: Match[str]) -> str:
        """Say the name of a German street: "Hauptstr. 5"."""
        return m["road"] + m["end"].replace("tr", "traße") + self._stop(m)

    def compass(self, m: Match[str]) -> str:
        """Say the direction of a street."""
        return " ".join(_COMPASS[letter] for letter in m["name"].strip("."))

    def keys(self, m: Match[str]) -> str:
        """Say keys pressed together."""
        names = self._data["keys"]
        pressed = (names.get(key.strip(), key.strip()) for key in m[0].split("+"))
        return " ".join(
            self._addresses.spelled(key) if key[-1].isdigit() else key.lower() for key in pressed
        )

    def _stop(self, m: Match[str]) -> str:
        """Keep the full stop of an abbreviation where it ends the sentence too."""
        return "." if self._language.ends_sentence(after(m)) else ""
