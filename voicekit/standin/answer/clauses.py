"""Where an agent's text is cut for its voice: the first piece early, the others at sentences.

The pieces, joined, are the text, however it came. Small on purpose: the client side has a more
careful cutter of its own, and the two share nothing.
"""

from __future__ import annotations

import re

EARLIEST = 3
"""Words that a first piece has at least when nothing but a small word follows them."""

_WIDEST = 200  # characters without any mark: cut between words, whatever they are
# After these nothing belongs to what was before, so there is no need to see what follows. A digit
# before a comma may be a number's.
_CERTAIN = re.compile(r"(?<=[^\W\d_])[,;!?\u2026](?=\S|\s|$)")
# Before white space only; not after "Dr." or "e.g.", so three small letters or digits come first.
_CLAUSE = re.compile(r"(?:(?<=[a-z0-9]{3})[.]|[,;:!?\u2026\u2014])[\"')\]\u201d\u2019]*(?=\s)")
_SENTENCE = re.compile(r"(?:(?<=[a-z0-9]{3})[.]|[!?\u2026])[\"')\]\u201d\u2019]*(?=\s)")
# A speaker may draw breath before these.
_BREATH = re.compile(
    r"(?<=\w)(?= (?:and|but|or|so|because|since|that|which|who|if|when|while|until|is|are|was|were"
    r"|will|can|has|have|for|from|with|within|without|about|after|before|on|in|at|to|by)\s)"
)
# A language model's token of this form is hardly ever half a word: no need to see what follows.
_WORD = re.compile(r" [a-z]+")


class Cutter:
    """Takes text as it comes; gives out what may be spoken."""

    def __init__(self) -> None:
        self._text = ""
        self._first = True
        self._word = False  # whether the text ends with a token that is a word

    def feed(self, text: str) -> list[str]:
        """The pieces that `text` completes."""
        self._text += text
        self._word = bool(_WORD.fullmatch(text))
        found = []
        while cut := self._cut():
            found.append(self._text[:cut])
            self._text = self._text[cut:]
            self._first = False
        return found

    def flush(self) -> str:
        """What is left, perhaps nothing; the next text begins a first piece again."""
        rest, self._text = self._text, ""
        self._first = True
        return rest

    def _cut(self) -> int:
        """Where the next piece ends; 0 when that cannot be said yet."""
        if self._first:
            ends = [end.end() for kind in (_CERTAIN, _CLAUSE) if (end := kind.search(self._text))]
            if not ends:
                text = f"{self._text} " if self._word else self._text
                breaths = (place.start() for place in _BREATH.finditer(text))
                ends = [at for at in breaths if self._text[:at].count(" ") + 1 >= EARLIEST][:1]
        else:
            ends = [end.end() for end in _SENTENCE.finditer(self._text)][:1]
        if not ends and len(self._text) > _WIDEST:
            ends = [self._text.rfind(" ", 0, _WIDEST) + 1 or _WIDEST]
        return min(ends, default=0)
