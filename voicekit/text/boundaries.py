"""Where a text may be cut for speech: sentences and clauses, never inside a number or a name.

A mark is judged from the text up to it and, where that is not enough, from what follows. Each
verdict depends on a prefix of the text alone: more text never changes it. That is what makes the
fragments of `voicekit.text.preparer` the same however the text was split into tokens.
"""

# ruff: noqa: RUF001 - typographic dashes and quotes are this module's subject

from __future__ import annotations

import re
from itertools import islice

from voicekit.text.enclosed import THOUGHT, enclosed, line_start, thought, within, within_control
from voicekit.text.verdict import Mark, Verdict
from voicekit.text.written import BLOCK_LINE, Language, load

# Marks of scripts in which they end a sentence or a clause wherever they stand.
_FULL_STOPS = "。！？｡．।॥؟۔။།។።։"
_COMMAS = "，、､；：،؛၊፣"
# Thai, Lao, Burmese, Khmer: no spaces between words, but one between phrases.
_PHRASED = r"\u0e01-\u0e2e\u0e30-\u0e45\u0e47-\u0eff\u1000-\u1049\u1780-\u17d3"
_UNSPACED = re.compile(rf"[{_PHRASED}\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
CANDIDATE = re.compile(rf"[.!?…,;:—–\n\[`|~<{_FULL_STOPS}{_COMMAS}]")
PHRASED = re.compile(rf"[{_PHRASED}]")
PHRASED_CANDIDATE = re.compile(rf"{CANDIDATE.pattern}|(?<=[{_PHRASED}\u0e46]) (?=[{_PHRASED}]|\Z)")
_PHRASE, _LONG_PHRASE = 8, 60  # characters of such a script: a clause, as good as a sentence
_TOKEN = re.compile(r"\S+")
_CLOSERS = re.compile(r"[\"'”’)\]»*_」』）》]*")
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u0900-\u0963\u0970-\u0dff])"  # with signs above and below
_LETTERS = re.compile(rf"[\"'“‘(«¡¿*_]*{_LETTER}+(?:['’-]{_LETTER}+)*['’*_]*")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_BARE_WORD = re.compile(r"[^\W\d_]+")
_ENTITY = re.compile(r"&(?:\w{2,8}|#\d{2,6});\Z")
_NUMERO = ("N°", "Nº", "n°", "nº")  # "N°. 10"
_VOWELLESS = re.compile(r"[A-ZÄÖÜ]?[bcdfghjklmnpqrstvwxzß]{1,4}")  # an abbreviation not listed
_GAP_WORDS = 10
_GAP_LEAST = 4  # words before a gap; with three, "I think we" would be said on its own
_GAP_MOST = 40  # with no gap by then, the sentence waits for a mark
_LONGEST_WORD = 100
_LONGEST_BLOCK = 8  # characters that decide whether a line is a heading, an item, …


class Boundaries:
    """Judges the marks of one language; holds no state.

    Args:
        language: as for `voicekit.text.written.load`.
    """

    def __init__(self, language: str) -> None:
        rules: Language = load(language)
        data = rules.data
        kinds, dates = data["abbreviations"], data["dates"]
        self._titles = frozenset(kinds["titles"])
        signs = {sign.rstrip(".") for sign in rules.currencies if sign.endswith(".")}  # Rs. 500
        self._numbered = frozenset(kinds["before_number"]) | signs | frozenset(_NUMERO)
        self._may_end = frozenset(kinds["may_end"]) | frozenset(data["streets"])
        full = dates["months"].lower().split()
        short_months = frozenset(month for month in rules.months if month.lower() not in full)
        self._calendar = short_months | frozenset(dates["weekdays"])
        self._months = frozenset(rules.months)
        self._days = self._months | self._calendar | frozenset(dates["weekdays"].values())
        self._starters = frozenset(data["sentence_starters"].split())
        self._clinging = frozenset(f"{data['articles']} {data['soft_words']}".split())
        self._soft = frozenset(data["soft_words"].split())
        self._ordinal_stop = "endings" in dates  # "5. November"

    def judge(self, text: str, start: int, at: int, quoted: bool) -> Mark:
        """Judge the mark at `at` in a fragment that begins at `start`.

        Args:
            text: the text so far; of what is before `start` only one character is looked at.
            start: where the fragment begins.
            at: where the mark is: a match of `CANDIDATE`.
            quoted: the fragment begins within quotation marks or brackets.
        """
        mark = text[at]
        if mark in ".…":
            return self._full_stop(text, start, at)
        if mark in "!?":
            return self._exclamation(text, start, at, quoted)
        if mark in _FULL_STOPS or mark in _COMMAS:
            return _wide(text, start, at, quoted)
        if mark == " ":
            return _phrase(text, start, at)
        if mark == "<":
            return thought(text, start, at)
        if mark == ",":
            return self._comma(text, start, at, quoted)
        if mark == "\n":
            return _newline(text, start, at)
        if mark in ";:—–":
            return _pause(text, start, at)
        return enclosed(text, start, at)

    def gap(self, text: str, start: int, limit: int, paused: bool = False) -> int | None:
        """Find where to cut a fragment that has no mark yet; None if nowhere.

        Before the first small word ("and", "to", "that") after the fourth word, or else after
        ten words. A gap counts only between a plain word and a lower-case one, so that no name,
        number or date is cut, and never after a word that leans on the next ("the", "to").

        Args:
            text: the text so far.
            start: where the fragment begins.
            limit: where the next mark is, or the text ends.
            paused: no token has come for a while, so that a last "to" is no beginning of "today".
        """
        if THOUGHT.search(text, start, limit):
            return None
        words = list(islice(_TOKEN.finditer(text, start, limit), _GAP_MOST))
        for last in range(_GAP_LEAST + 1, len(words) + (paused and limit == len(text))):
            soft = [last - 1] if words[last - 1][0] in self._soft else []
            for n in (*soft, *([last] if _GAP_WORDS <= last < len(words) else [])):
                previous, begun = words[n - 1][0], words[n][0][0]
                if (
                    _LETTERS.fullmatch(previous)
                    and begun == begun.lower()
                    and begun.isalpha()
                    and previous not in self._clinging
                    and not within_control(text, start, words[n].start())
                ):
                    return words[n].start()
        return None

    def _full_stop(self, text: str, start: int, at: int) -> Mark:
        end = at + 1
        while end < len(text) and text[end] in ".…":
            end += 1
        dots = end - at > 1 or text[at] == "…"
        word = _word_before(text, start, at)
        plain = not dots and len(word) > 1 and _LETTERS.fullmatch(word) is not None
        known = word in self._titles | self._may_end | self._numbered | self._days
        unsure = Verdict.LIKELY if plain and not known else Verdict.WAIT
        closed = _closers(text, end)
        if closed == len(text):
            return Mark(unsure, closed)
        if at > start and _UNSPACED.match(text, at - 1) and _UNSPACED.match(text, closed):
            return Mark(Verdict.CLAUSE if dots else Verdict.SENTENCE, closed)
        if not text[closed].isspace():
            return Mark(Verdict.NONE, end)
        following = _skip_space(text, closed)
        if following == len(text):
            return Mark(unsure, closed)
        if dots:
            return Mark(Verdict.SENTENCE if text[following].isupper() else Verdict.CLAUSE, closed)
        return Mark(self._after_stop(text, start, at, word, following), closed)

    def _after_stop(self, text: str, start: int, at: int, word: str, following: int) -> Verdict:
        """Judge a full stop with white space behind it, by its word and the next one."""
        opening = text[following]
        numbered = word.isdecimal() and len(word) <= 3
        if numbered and line_start(text, start, at - len(word)):
            return Verdict.NONE  # "1. First item"
        if word in self._titles or opening.islower():
            return Verdict.NONE
        unlisted = _VOWELLESS.fullmatch(word) is not None
        before_number = word in self._numbered | self._calendar | self._months or unlisted
        if before_number and opening.isdecimal():
            return Verdict.NONE
        short = unlisted or word in self._may_end | self._calendar or _INITIALS.fullmatch(word)
        initial = len(word) == 1 and word.isalpha()
        if not (short or initial or (numbered and self._ordinal_stop)):
            return Verdict.SENTENCE
        found = _BARE_WORD.match(text, following)
        if not found:
            return Verdict.NONE
        if found.end() == len(text):
            return Verdict.WAIT
        return Verdict.SENTENCE if found[0] in self._starters else Verdict.NONE

    def _exclamation(self, text: str, start: int, at: int, quoted: bool) -> Mark:
        plain = _LETTERS.fullmatch(_word_before(text, start, at))
        if plain and not within(text, start, at, quoted):
            return Mark(Verdict.SENTENCE, at + 1)
        end = at + 1
        while end < len(text) and text[end] in "!?":
            end += 1
        closed = _closers(text, end)
        following = _skip_space(text, closed)
        if following == len(text):
            return Mark(Verdict.LIKELY if plain else Verdict.WAIT, closed)
        if following == closed:
            return Mark(Verdict.NONE, end)
        goes_on = closed > end and text[following].islower()  # "Really?" she asked
        return Mark(Verdict.CLAUSE if goes_on else Verdict.SENTENCE, closed)

    def _comma(self, text: str, start: int, at: int, quoted: bool) -> Mark:
        word = _word_before(text, start, at)
        plain = _LETTERS.fullmatch(word) is not None
        dated = word in self._days
        if plain and not dated and not within(text, start, at, quoted):
            return Mark(Verdict.CLAUSE, at + 1)
        closed = _closers(text, at + 1)
        following = _skip_space(text, closed)
        if following == len(text):
            return Mark(Verdict.WAIT, closed)
        if following == closed or text[following].isdecimal():
            return Mark(Verdict.NONE, at + 1)
        return Mark(Verdict.NONE if dated and text[following].isupper() else Verdict.CLAUSE, closed)


def _word_before(text: str, start: int, at: int) -> str:
    """Return the characters before a mark back to the last white space of the fragment."""
    if at == start or text[at - 1].isspace():
        return ""
    return text[max(start, at - _LONGEST_WORD) : at].rsplit(None, 1)[-1].lstrip("\"'“‘(«[*_")


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _closers(text: str, at: int) -> int:
    found = _CLOSERS.match(text, at)
    return found.end() if found else at


def _pause(text: str, start: int, at: int) -> Mark:
    """Judge a semicolon, a colon or a dash."""
    mark, word = text[at], _word_before(text, start, at)
    if mark == ";" and _ENTITY.search(text, start, at + 1):
        return Mark(Verdict.NONE, at + 1)
    if mark in ";—" and (_LETTERS.fullmatch(word) or not word):
        return Mark(Verdict.CLAUSE, at + 1)
    if mark == "–" and word:
        return Mark(Verdict.NONE, at + 1)
    closed = _closers(text, at + 1)
    if closed == len(text):
        return Mark(Verdict.WAIT, closed)
    return Mark(Verdict.CLAUSE if text[closed].isspace() else Verdict.NONE, closed)


def _newline(text: str, start: int, at: int) -> Mark:
    """Judge a line's end: a heading, item, row or paragraph ends here, a wrapped line does not."""
    begin = text.rfind("\n", start, at) + 1 or start
    here = line_start(text, start, begin) and BLOCK_LINE.match(text, begin, at)
    if here:
        return Mark(Verdict.SENTENCE, at + 1)
    following = at + 1
    while following < len(text) and text[following] in " \t":
        following += 1
    rest = text[following : following + _LONGEST_BLOCK]
    if not rest:
        return Mark(Verdict.WAIT, at + 1)
    if rest[0] == "\n" or BLOCK_LINE.match(rest):
        return Mark(Verdict.SENTENCE, at + 1)
    undecided = len(rest) < _LONGEST_BLOCK and not any(c.isspace() or c.isalpha() for c in rest)
    return Mark(Verdict.WAIT if undecided else Verdict.NONE, at + 1)


def _wide(text: str, start: int, at: int, quoted: bool) -> Mark:
    """Judge a mark of a script that puts no space after it: 。 ends a sentence where it stands."""
    verdict = Verdict.SENTENCE if text[at] in _FULL_STOPS else Verdict.CLAUSE
    if not within(text, start, at, quoted):
        return Mark(verdict, at + 1)
    closed = _closers(text, at + 1)
    if closed == len(text):
        return Mark(Verdict.WAIT, closed)
    return Mark(verdict if closed > at + 1 else Verdict.NONE, closed)


def _phrase(text: str, start: int, at: int) -> Mark:
    """Judge a space between two phrases of a script that has none between words."""
    length = at - start
    if length < _PHRASE:
        return Mark(Verdict.NONE, at + 1)
    if at + 1 == len(text):
        return Mark(Verdict.LIKELY, at + 1)
    return Mark(Verdict.SENTENCE if length >= _LONG_PHRASE else Verdict.CLAUSE, at + 1)
