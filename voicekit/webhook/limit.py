"""Where a spoken reply is cut: after so many sentences, or so many characters. Pure."""

from __future__ import annotations

from functools import cache

from voicekit.text.boundaries import CANDIDATE, Boundaries
from voicekit.text.verdict import Verdict
from voicekit.text.written import LANGUAGES

_HESITATION = ("...", "…")  # "Hmm... " is none of the sentences that are counted


class Limit:
    """Lets text through until there is enough of it.

    Args:
        sentences: how many; None is any number. "Dr." and "3.5" end none, nor does "Hmm...".
        characters: how many; cut at a word's end.
        language: whose rules tell where a sentence ends; those of one without rules are English's.
    """

    def __init__(
        self, sentences: int | None = None, characters: int | None = None, language: str = "en"
    ) -> None:
        self._boundaries = _boundaries(language) if sentences else None
        self._sentences = sentences or 0
        self._characters = characters
        self.reason: str | None = None
        """Why it was cut, as a finish reason: "stop" after a sentence, "length" before its end."""
        self._text = ""
        self._start = self._scan = 0  # where the sentence begins; up to where it is judged

    def take(self, text: str) -> str:
        """Return as much of the text as may be said."""
        if self.reason:
            return ""
        before = len(self._text)
        self._text += text
        end = self._enough()
        if end is None and self._characters and len(self._text) > self._characters:
            self.reason = "length"
            end = self._text.rfind(" ", before, self._characters + 1)
            if end < 0:  # no word ends here; one that has begun is cut
                between = before and self._text[before - 1].isspace()
                end = before if between else self._characters
        return text if end is None else self._text[before : max(before, end)]

    def _enough(self) -> int | None:
        """Where the last sentence ends, once it is certain that it does."""
        while self._boundaries:
            mark = CANDIDATE.search(self._text, self._scan)
            if mark is None:
                self._scan = len(self._text)
                return None
            judged = self._boundaries.judge(self._text, self._start, mark.start(), False)
            if judged.verdict in (Verdict.WAIT, Verdict.LIKELY):
                self._scan = mark.start()
                return None
            self._scan = judged.end
            if judged.verdict is Verdict.SENTENCE:
                self._start = judged.end
                self._sentences -= not self._text.endswith(_HESITATION, 0, judged.end)
                if not self._sentences:
                    self.reason = "stop"
                    return judged.end
        return None


@cache
def _boundaries(language: str) -> Boundaries:
    """A language's rules; they hold no state, and take longer to make than a reply to cut."""
    known = language.partition("-")[0] in LANGUAGES
    return Boundaries(language if known else "en")
