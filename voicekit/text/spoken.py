"""Spoken forms: what a voice should be given for what was written, and the map back.

`speakable("$5 on 2026-11-21")` is "five dollars on November twenty-first, two thousand twenty-six".
Markdown marks, emoji and link targets are silent; a block of code is said as "Code skipped.".
"""

# ruff: noqa: RUF001 - typographic dashes and quotes are this module's subject

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cache

from voicekit.text.verbaliser import verbaliser

_INSIDE_WORD = re.compile(r"[\w'’]{2}")


@dataclass
class Spoken:
    """A spoken text and the piece of source that each piece of it stands for.

    Args:
        pieces: what is said, piece by piece.
        spoken_ends: for each piece, where it ends in what is said.
        source_ends: for each piece, where it ends in the source.
        literal: for each piece, whether it is said as it was written, character for character.
    """

    pieces: list[str] = field(default_factory=list)
    spoken_ends: list[int] = field(default_factory=list)
    source_ends: list[int] = field(default_factory=list)
    literal: list[bool] = field(default_factory=list)
    _last: str = ""
    _last_literal: bool = True

    @property
    def text(self) -> str:
        """Everything that is said, in one string."""
        return "".join(self.pieces)

    @property
    def ending(self) -> str:
        """The last character said so far that is no space."""
        return "".join(self.pieces[-3:]).rstrip(" ")[-1:]

    def add(self, said: str, source_end: int, literal: bool = False) -> None:
        """Append what is said for the source up to `source_end`, with one space between words."""
        if said and said[0] == " " and self._last in ("", " "):
            said = said.lstrip(" ")
        elif not (literal and self._last_literal) and said[:1].isalnum() and self._last.isalnum():
            self.pieces[-1] += " "
            self.spoken_ends[-1] += 1
        self.pieces.append(said)
        self.spoken_ends.append(len(said) + (self.spoken_ends[-1] if self.spoken_ends else 0))
        self.source_ends.append(source_end)
        self.literal.append(literal)
        if said:
            self._last, self._last_literal = said[-1], literal

    def source_at(self, heard: int, source: str) -> int:
        """Map a length of spoken text to the length of source that it covers, in whole words."""
        if heard >= len(self.text.rstrip()):
            return len(source)
        if heard <= 0:
            return 0
        index = bisect_right(self.spoken_ends, heard)
        begun = heard - (self.spoken_ends[index - 1] if index else 0)
        done = self.source_ends[index - 1] if index else 0
        end = done + begun if self.literal[index] else done
        while end > 0 and _INSIDE_WORD.fullmatch(source, end - 1, end + 1):
            end -= 1
        return end


def speakable(text: str, language: str = "en") -> str:
    """Say a whole text: "Dr. Lee, 5 km" → "Doctor Lee, five kilometers".

    Args:
        text: any text, Markdown included.
        language: "en", "en-GB", "de", "es", with any region. The region decides how 01/02/2023 is
            read: the month comes first in "en" and "en-US", the day in all others.

    Raises:
        ValueError: there are no rules for that language.
    """
    return say(text, language).text.strip()


def say(text: str, language: str = "en", controls: frozenset[str] = frozenset()) -> Spoken:
    """Say a text and keep the map back to it.

    Args:
        text: any text.
        language: as for `speakable`.
        controls: those that the model reads: see `voicekit.text.controls.read_by`.
    """
    voice = verbaliser(language)
    spoken = Spoken()
    for match in voice.language.scanner.finditer(text):
        kind, written = match.lastgroup or "other", match[0]
        if kind in ("plain", "stop", "other") or kind in controls:
            spoken.add(written, match.end(), literal=True)
        elif kind == "newline":
            spoken.add(voice.newline(match, spoken.ending), match.end())
        else:
            said = voice.say(kind, text, match.start(), written)
            spoken.add(said, match.end(), literal=said == written)
    return spoken


def verbatim(text: str, controls: frozenset[str] = frozenset()) -> Spoken:
    """Keep a text as it is, but for white space and controls that nobody reads."""
    spoken = Spoken()
    for match in _verbatim_scanner().finditer(text):
        kind, written = match.lastgroup or "", match[0]
        if kind == "space":
            spoken.add(" ", match.end())
        elif kind == "word" or kind in controls:
            spoken.add(written, match.end(), literal=True)
        else:
            said = verbaliser("en").say(kind, text, match.start(), written)
            spoken.add(written if said and kind == "audio_tag" else said, match.end())
    return spoken


@cache
def _verbatim_scanner() -> re.Pattern[str]:
    patterns = verbaliser("en").language.patterns
    kinds = ("break", "phoneme", "audio_tag")
    controls = (f"(?P<{kind}>{patterns[kind].pattern})" for kind in kinds)
    joined = re.sub(r"\(\?P<(?:inner|words)>", "(?:", "|".join(controls))
    return re.compile(rf"{joined}|(?P<space>\s+)|(?P<word>[^\s<\[]+|[<\[])")
