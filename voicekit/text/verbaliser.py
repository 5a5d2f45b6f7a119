"""How words, marks and machine addresses are said; quantities are in `voicekit.text.quantities`.

Each method says one class of `voicekit.text.written` and bears its name; None means "as written".
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import cache
from re import Match

from voicekit.text.quantities import Quantities
from voicekit.text.written import BLOCK_LINE, Language, after, before, load

_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_FORM = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_PROPER_BEFORE = re.compile(r"[A-Z][a-z]+ $")
_HOUSE_BEFORE = re.compile(r"[0-9]+ (?:[NSEW]\.? )?(?:[A-Z][a-z]+ ){1,3}$")
_PREVIOUS = re.compile(r"([^\W\d_]+)\.?[ \t]+$")
_NEXT = re.compile(r"[ \t]+([^\W\d_]+)")
_REIGN = re.compile(r"(?:King|Queen|Pope|Emperor|Tsar) [A-Z]\w+ $")
_SUM = re.compile(r"\s*[0-9.,]+\s*=")
_CHUNKS = re.compile(r"[0-9]+|[^\W\d_]+|[^\w]|_")
_SOUNDLESS = frozenset("_#^|{}*~$")
_SILENT = ("thought", "definition", "rule", "table", "lead", "link", "marks", "emoji", "emoticon")
_COMPASS = {"N": "North", "S": "South", "E": "East", "W": "West"}


@cache
def verbaliser(language: str) -> Verbaliser:
    """Return the verbaliser of a language; see `voicekit.text.written.load` for the codes."""
    return Verbaliser(load(language))


class Verbaliser(Quantities):
    """Says every class of written form of one language."""

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        acronyms, roman = self.data["acronyms"], self.data["roman"]
        self._letters = frozenset(acronyms["letters"].split())
        self._acronyms = frozenset(acronyms["words"].split())
        self._rulers = frozenset(roman["rulers"].split())
        self._headings = frozenset(roman["headings"].split())
        self._never_roman = frozenset(roman["never"].split())
        words, silent = self.words, dict.fromkeys(_SILENT, "")
        self._fixed = silent | {"space": " ", "tag": " ", "fence": str(self.data["code"])}
        self._fixed |= {kind: words[kind] for kind in ("minus", "about")}
        self._fixed |= {"times": f" {words['times']} "}
        self._sayers: dict[str, Callable[[Match[str]], str | None]] = {
            kind: getattr(self, f"_{kind}")
            for kind in language.patterns
            if kind not in self._fixed and kind not in ("stop", "newline")
        }

    def say(self, kind: str, text: str, start: int, written: str) -> str:
        """Say the form of class `kind` that begins at `start` and reads `written`."""
        if kind in self._fixed:
            return self._fixed[kind]
        match = self.language.patterns[kind].match(text, start)
        said = self._sayers[kind](match) if match else None
        return written if said is None else said

    # Marks

    def newline(self, match: Match[str], last: str) -> str:
        """End a heading, an item, a row or a paragraph with a full stop; join other lines."""
        text, start = match.string, match.start()
        line = text[text.rfind("\n", 0, start) + 1 : start]
        block = match[0].count("\n") > 1 or BLOCK_LINE.match(line)
        stop = (block or BLOCK_LINE.match(text, match.end())) and (last.isalnum() or last in ")%'")
        return ". " if stop and last else " "

    def _bar(self, m: Match[str]) -> str:
        start, end = m.span()
        outer = start == 0 or m.string[start - 1] == "\n" or m.string[end : end + 1] in ("", "\n")
        return "" if outer else ", "

    def _item(self, m: Match[str]) -> str:
        return f"{self.numerals.cardinal(int(m['num']))}. "

    def _entity(self, m: Match[str]) -> str:
        char = html.unescape(m[0])
        return " " if char.isspace() else str(self.data["symbols"].get(char, char))

    def _symbol(self, m: Match[str]) -> str:
        return " " if m[0] in _SOUNDLESS else str(self.data["symbols"].get(m[0][0], m[0]))

    def _range(self, m: Match[str]) -> str:
        word = "minus" if m[0] == " - " and _SUM.match(after(m)) else "to"
        return f" {self.words[word]} "

    def _power(self, m: Match[str]) -> str:
        return str(self.data["powers"][m["num"]])

    # Words

    def _word(self, m: Match[str]) -> str | None:
        said: str | None = self.data["lexicon"].get(m[0])
        return said

    _lexicon = _word

    def _name(self, m: Match[str]) -> str:
        base, apostrophe, ending = m[0].partition("'")
        if base.endswith("s") and base[:-1] in self._letters:
            return " ".join(base[:-1]) + str(self.data["acronyms"]["plural"])
        if not base.isupper():
            return m[0]
        said = self._roman(base, m) or self._initials(base, m)
        return said + apostrophe + ending

    def _roman(self, base: str, m: Match[str]) -> str | None:
        if base in self._never_roman or not _ROMAN_FORM.fullmatch(base):
            return None
        found = _PREVIOUS.search(before(m))
        previous = found[1] if found else ""
        reign = previous in self._rulers and (len(base) > 1 or _REIGN.search(before(m)))
        lone = len(base) == 1 and previous not in self._headings
        unlikely = not previous.istitle() and not set(base) <= set("IVX")
        if not reign and (lone or unlikely):
            return None
        values = [_ROMAN[letter] for letter in base]
        pairs = zip(values, [*values[1:], 0], strict=True)
        number = sum(value if value >= following else -value for value, following in pairs)
        if not reign:
            return self.numerals.cardinal(number)
        ordinal, cardinal = self.numerals.ordinal(number), self.numerals.cardinal(number)
        return str(self.data["roman"]["ordinal"].format(ordinal=ordinal, cardinal=cardinal))

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

    def _abbreviation(self, m: Match[str]) -> str:
        short = m["short"]
        if short == "St" and after(m)[1:2].isupper():
            return "Saint" if "St" in self.data["streets"] else self.language.abbreviations[short]
        said = self.language.abbreviations[short]
        return said if short in self.data["abbreviations"]["titles"] else said + self._stop(m)

    def _stop(self, m: Match[str]) -> str:
        """Keep the full stop of an abbreviation where it ends the sentence too."""
        return "." if self.language.ends_sentence(after(m)) else ""

    def _weekday(self, m: Match[str]) -> str:
        days = self.data["dates"]["weekdays"]
        if m["last"]:
            return f"{days[m['name']]} {self.words['to']} {days[m['last']]}"
        return str(days[m["name"]]) + (self._stop(m) if m["dot"] else "")

    def _month_name(self, m: Match[str]) -> str:
        return self.language.months[m["name"]] + (self._stop(m) if m["dot"] else "")

    def _before_number(self, m: Match[str]) -> str:
        return self.language.abbreviations[m["short"]]

    def _dotted(self, m: Match[str]) -> str:
        return " ".join(m[0].replace(".", "")) + self._stop(m)

    def _street(self, m: Match[str]) -> str | None:
        name, ahead = m["name"], before(m)
        if name in ("St", "Dr") and not _HOUSE_BEFORE.search(ahead):
            titled = after(m)[:1] == " " and after(m)[1:2].isupper()
            if titled or name == "Dr":
                return ("Saint" if name == "St" else "Doctor") if m["dot"] else None
        if not _PROPER_BEFORE.search(ahead) and not _HOUSE_BEFORE.search(ahead):
            return None
        return str(self.data["streets"][name]) + (self._stop(m) if m["dot"] else "")

    def _compass(self, m: Match[str]) -> str:
        return _COMPASS[m["name"]]

    def _keys(self, m: Match[str]) -> str:
        names = self.data["keys"]
        pressed = (names.get(key.strip(), key.strip()) for key in m[0].split("+"))
        return " ".join(self._spelled(k) if k[-1].isdigit() else k.lower() for k in pressed)

    # Addresses of machines

    def _spelled(self, address: str) -> str:
        """Say the marks of an address by name, its numbers as digits, its words as they are."""
        marks = {".": "dot", "/": "slash", "-": "dash", "_": "underscore", ":": "colon"}
        lexicon, said = self.data["lexicon"], []
        for chunk in _CHUNKS.findall(address):
            if chunk.isdecimal():
                said.append(self.numerals.number(chunk))
            elif chunk in marks:
                said.append(self.words[marks[chunk]])
            else:
                said.append(str(lexicon.get(chunk, self.data["symbols"].get(chunk, chunk))))
        return " ".join(said)

    def _email(self, m: Match[str]) -> str:
        return f"{self._spelled(m['user'])} {self.words['at']} {self._spelled(m['host'])}"

    def _url(self, m: Match[str]) -> str:
        return self._spelled(_path(m["full"] or m["bare"]))

    def _autolink(self, m: Match[str]) -> str:
        return self._email(m) if m["user"] else self._spelled(_path(m["full"]))

    def _port(self, m: Match[str]) -> str:
        return self._spelled(m[0])

    _file = _port

    def _handle(self, m: Match[str]) -> str:
        return f"{self.words['at']} {self._spelled(m['name'])}"

    def _hashtag(self, m: Match[str]) -> str:
        return f"{self.words['hashtag']} {self._spelled(m['name'])}"


def _path(address: str) -> str:
    """What is said of an address: no query, no fragment, no "www."."""
    return re.split("[?#]", address)[0].removeprefix("www.").rstrip("/")
