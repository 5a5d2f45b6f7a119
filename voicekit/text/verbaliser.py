"""What is said for each class of written form: marks here, the rest by those who know.

Verbaliser ─ Words ─ Addresses
           └ Quantities ─ Dates, Nouns
"""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import cache
from re import Match

from voicekit.text.addresses import Addresses
from voicekit.text.amounts import Amounts
from voicekit.text.controls import is_direction
from voicekit.text.dates import Dates
from voicekit.text.nouns import Nouns
from voicekit.text.quantities import Quantities
from voicekit.text.words import Words
from voicekit.text.written import BLOCK_LINE, Language, load

_SOUNDLESS = frozenset("_#^|{}*~$")
_SILENT = ("thought", "definition", "rule", "table", "lead", "link", "marks", "emoji", "emoticon")
_SPACED = ("times", "by", "less", "divided", "range")


@cache
def verbaliser(language: str) -> Verbaliser:
    """Return the verbaliser of a language; see `voicekit.text.written.load` for the codes."""
    return Verbaliser(load(language))


class Verbaliser:
    """Says every class of written form of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._data = data = language.data
        self._numerals = language.numerals
        words = data["words"] | {"range": data["words"]["to"]}
        self._fixed: dict[str, str] = dict.fromkeys(_SILENT, "") | {
            "break": "",
            "space": " ",
            "tag": " ",
            "fence": data["code"],
        }
        self._fixed |= {kind: words[kind] for kind in ("minus", "about")}
        self._fixed |= {kind: f" {words[kind]} " for kind in _SPACED}
        addresses, dates, nouns = Addresses(language), Dates(language), Nouns(language)
        speakers = (
            self,
            Words(language, addresses),
            addresses,
            Quantities(language, nouns),
            Amounts(language, dates, nouns),
            dates,
        )
        self._sayers: dict[str, Callable[[Match[str]], str | None]] = {
            kind: next(getattr(speaker, kind) for speaker in speakers if hasattr(speaker, kind))
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

    def newline(self, match: Match[str], last: str) -> str:
        """End a heading, an item, a row or a paragraph with a full stop; join other lines."""
        text, start = match.string, match.start()
        line = text[text.rfind("\n", 0, start) + 1 : start]
        block = match[0].count("\n") > 1 or BLOCK_LINE.match(line)
        stop = (block or BLOCK_LINE.match(text, match.end())) and (last.isalnum() or last in ")%'")
        return ". " if stop and last else " "

    def phoneme(self, m: Match[str]) -> str:
        """Say the word whose phonemes the model does not read."""
        return str(m["inner"])

    def audio_tag(self, m: Match[str]) -> str:
        """Leave out a direction that the model does not read; say other words in brackets."""
        return "" if is_direction(m["words"]) else str(m["words"])

    def bar(self, m: Match[str]) -> str:
        """Say the bar between the cells of a table as a comma."""
        start, end = m.span()
        outer = start == 0 or m.string[start - 1] == "\n" or m.string[end : end + 1] in ("", "\n")
        return "" if outer else ", "

    def item(self, m: Match[str]) -> str:
        """Say the number of a list's item."""
        return f"{self._numerals.cardinal(int(m['num']))}. "

    def entity(self, m: Match[str]) -> str:
        """Say a character that HTML writes by name."""
        char = html.unescape(m[0])
        return " " if char.isspace() else str(self._data["symbols"].get(char, char))

    def symbol(self, m: Match[str]) -> str:
        """Say a sign by its name."""
        return " " if m[0] in _SOUNDLESS else str(self._data["symbols"].get(m[0][0], m[0]))

    def power(self, m: Match[str]) -> str:
        """Say a power: "x^2", "x²", "10^6"."""
        known = self._data["powers"].get(m["num"] or m["sup"])
        if known:
            return str(known)
        return f" {self._data['words']['power']} {self._numerals.number(m['num'].lstrip('-'))}"
