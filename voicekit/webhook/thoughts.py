"""Leave a model's thoughts out of a stream: what it writes between `<think>` and `</think>`."""

from __future__ import annotations

import re

from voicekit.text.written import THOUGHTS

# One in backquotes is talked about.
_TAG = re.compile(rf"(?<!`)<(?P<ends>/?)(?:{THOUGHTS})>", re.I)
_BEGUN = re.compile(r"`?(?:</?[a-z]{0,10})?\Z", re.I)  # perhaps a tag's first half


class Thoughts:
    """Passes a stream's text on without the thoughts, however it is cut.

    After a thought within a thought, the text waits for the end that is still missing: if none
    comes it was the answer. A thought that never ends is left out.
    """

    def __init__(self) -> None:
        self._text = ""  # not yet passed on, nor left out
        self._depth = 0
        self._closed = False  # an inner thought has ended, and no other tag has come since
        self._any = self._answered = False

    def take(self, text: str) -> str:
        """Add text; return what can be passed on."""
        self._text += text
        answer, at = "", 0
        for tag in _TAG.finditer(self._text):
            answer += "" if self._depth else self._text[at : tag.start()]
            at = tag.end()
            self._any = True
            self._closed = bool(tag["ends"]) and self._depth > 1
            self._depth = max(0, self._depth + (-1 if tag["ends"] else 1))
        if not self._closed:
            begun = _BEGUN.search(self._text, at)
            assert begun is not None  # noqa: S101  the pattern matches nothing, too
            answer += "" if self._depth else self._text[at : begun.start()]
            at = begun.start()
        self._text = self._text[at:]
        return self._shown(answer)

    def end(self) -> str:
        """Return the rest: nothing more comes."""
        rest = self._text if self._closed or not self._depth else ""
        self._text, self._depth, self._closed = "", 0, False
        return self._shown(rest)

    def _shown(self, answer: str) -> str:
        """The answer without the empty lines between a thought and its first word."""
        if self._any and not self._answered:
            answer = answer.lstrip()
        self._answered = self._answered or bool(answer.strip())
        return answer
