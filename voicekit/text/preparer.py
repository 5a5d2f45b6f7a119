"""Text for a voice: fragments cut from a stream of tokens, each with the way back to its source.

    tokens → boundaries → speakable words → Fragment

The first fragment ends at a clause, so that the voice can start; the next ones are sentences, so
that it sounds natural; and whenever the player would run dry, a clause will do. Pure: nothing here
waits, reads a clock or does I/O.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from voicekit.arguments import check_choice, check_type
from voicekit.text.boundaries import CANDIDATE, PHRASED, PHRASED_CANDIDATE, Boundaries
from voicekit.text.controls import read_by
from voicekit.text.enclosed import within
from voicekit.text.spoken import Spoken, say, verbatim
from voicekit.text.verdict import Mark, Verdict
from voicekit.text.written import LANGUAGES

_LEAST_WORDS = 2  # a voice has no melody for a single word
_SHORT_SENTENCE = 4  # words; shorter ones join the next
# Thai, Lao, Burmese, Khmer, kana, Chinese characters: there, a letter counts as a word.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_INDIC = r"\u0900-\u0963\u0970-\u0dff"  # words are long there: every three signs are one
_WORD = (
    rf"(?:[^\w{_INDIC}])*+(?:[{_UNSPACED}]|[{_INDIC}]{{1,3}}+"
    rf"|[^\W{_UNSPACED}{_INDIC}][^\s{_UNSPACED}{_INDIC}]*+)"
)
_WORDS = {n: re.compile(rf"(?:{_WORD}){{{n}}}") for n in (_LEAST_WORDS, _SHORT_SENTENCE)}


@dataclass(frozen=True)
class Fragment:
    """A piece of speech.

    Args:
        spoken: what is sent to the voice; ends with a space, as the vendor asks. Empty when there
            is nothing to say, as for a last emoji: then send nothing.
        source: the text that it stands for. All sources in a row are the input, to the letter.
        start: where `source` begins in the whole input, in characters.
    """

    spoken: str
    source: str
    start: int
    _map: Spoken = field(repr=False, compare=False)

    def heard(self, spoken_chars: int) -> int:
        """Return how many characters of `source` were heard with so many spoken characters.

        0 gives 0, all gives all, more never gives less; never within a word or a number: one that
        was begun does not count until it is finished. With nothing to say, all is heard.
        """
        return self._map.source_at(spoken_chars, self.source)


class Preparer:
    """Cuts a stream of tokens into fragments.

    The fragments depend on the text alone, not on how it was split into tokens. `hungry` and
    `quiet` belong to a place in the text: given after the same characters, they give the same
    fragments, whatever the tokens in between.

    Every fragment has two words or more, but for the last one of a reply when a single word is all
    that is left after a fragment that could not wait (the first, a hungry one, one after a pause).

    Args:
        language: "en", "en-GB", "de", "es", with any region; see `voicekit.text.spoken.speakable`.
        first: where the first fragment may end. "clause": at a comma, or in a gap between words
            after about ten; "sentence": only at the end of the first sentence.
        normalise: say numbers, dates, marks as people do. Else the words go out as they came, in
            any language: the sentences of one without rules are cut by the English ones.
        model: the voice's model. The vendor's controls that it reads, `<break time="1s"/>`,
            `<phoneme …>` or `[laughs]`, are passed on whole, others are left out: see
            `voicekit.text.controls`. None reads none.

    Raises:
        ValueError: there are no rules for the language, and `normalise` is asked for.
    """

    def __init__(
        self,
        language: str = "en",
        first: Literal["clause", "sentence"] = "clause",
        normalise: bool = True,
        model: str | None = None,
    ) -> None:
        check_type("language", language, str, 'Pass its code, such as "en".')
        check_choice("first", first, ("clause", "sentence"))
        self._language = language
        known = normalise or language.partition("-")[0] in LANGUAGES
        self._boundaries = Boundaries(language if known else "en")
        self._eager = first == "clause"
        self._normalise = normalise
        self._controls = read_by(model)
        self._begin()

    def feed(self, token: str, hungry: bool = False) -> list[Fragment]:
        """Take the next token and return what is ready.

        Args:
            token: any piece of text, also an empty one.
            hungry: the player would run dry: a clause or a very short sentence will do. Before
                the first fragment every player is dry, so there `first` decides alone.
        """
        self._text += token
        if not token.isascii() and PHRASED.search(token):
            self._candidate = PHRASED_CANDIDATE
        fragments = self._settled()
        if hungry:
            fragments += self._clause()
        return self._trimmed(fragments)

    def quiet(self, hungry: bool = True) -> list[Fragment]:
        """Return what is complete, now that no token has come for a while (about 30 ms).

        "Of course." is a sentence unless it goes on as "Of course.com": after a pause that risk is
        taken. "Dr.", "5." and an open bracket wait on.

        Args:
            hungry: the player would run dry in this pause: also release a sentence that was kept
                back so that the last word of a reply does not stand alone, or else a clause, as
                `feed` does. False keeps them while the player has something to play.
        """
        fragments = self._settled()
        if self._held and hungry:
            fragments.append(self._cut(self._held))
        if self._held is None:
            mark = self._judge(self._next_mark())
            if mark and mark.verdict is Verdict.LIKELY:
                self._settle(Mark(Verdict.SENTENCE, mark.end), fragments)
        if hungry and not fragments:
            fragments = self._clause(paused=True)
        return self._trimmed(fragments)

    def finish(self) -> list[Fragment]:
        """Return the rest. The preparer is then ready for another text."""
        fragments = self._settled()
        if self._start < len(self._text):
            fragments.append(self._cut(len(self._text)))
        self._begin()
        return fragments

    def _begin(self) -> None:
        self._text = ""
        self._candidate = CANDIDATE
        self._dropped = 0  # characters of the input before `_text`
        self._start = 0  # where the fragment begins, in `_text`
        self._scan = 0  # up to here all marks are judged
        self._first = True
        self._quoted = False  # the fragment begins within quotation marks or brackets
        self._soft: int | None = None  # the last boundary that will do when hungry
        self._held: int | None = None  # a sentence's end that waits for two more words

    def _settled(self) -> list[Fragment]:
        """Judge what has come, mark by mark, and cut where it is certain."""
        fragments: list[Fragment] = []
        while True:
            if self._held is not None:
                if not self._has(_LEAST_WORDS, self._held, len(self._text)):
                    return fragments
                fragments.append(self._cut(self._held))
            at = self._next_mark()
            gap = self._gap(at) if self._first and self._eager else None
            if gap is not None:
                fragments.append(self._cut(gap))
                continue
            mark = self._judge(at)
            if mark is None or mark.verdict in (Verdict.WAIT, Verdict.LIKELY):
                return fragments
            if mark.verdict is Verdict.THOUGHT:
                first = self._first
                fragments.append(self._cut(mark.end))
                self._first = first  # nothing was said
                continue
            self._scan = mark.end
            self._settle(mark, fragments)

    def _clause(self, paused: bool = False) -> list[Fragment]:
        """Cut at the last boundary that will do for a player which would run dry."""
        if self._first and not self._eager:
            return []
        end = self._held or self._soft or self._gap(self._next_mark(), paused)
        return [self._cut(end), *self._settled()] if end else []

    def _settle(self, mark: Mark, fragments: list[Fragment]) -> None:
        """Cut at a boundary, or remember it."""
        if mark.verdict is Verdict.NONE or not self._has(_LEAST_WORDS, self._start, mark.end):
            return
        sentence = mark.verdict is Verdict.SENTENCE
        if self._first and (sentence or self._eager):
            fragments.append(self._cut(mark.end))
        elif sentence and self._has(_SHORT_SENTENCE, self._start, mark.end):
            self._held = mark.end
        else:
            self._soft = mark.end

    def _next_mark(self) -> int:
        found = self._candidate.search(self._text, self._scan)
        self._scan = found.start() if found else len(self._text)
        return self._scan

    def _judge(self, at: int) -> Mark | None:
        if at == len(self._text):
            return None
        return self._boundaries.judge(self._text, self._start, at, self._quoted)

    def _gap(self, limit: int, paused: bool = False) -> int | None:
        return self._boundaries.gap(self._text, self._start, limit, paused)

    def _has(self, words: int, start: int, end: int) -> bool:
        return _WORDS[words].match(self._text, start, end) is not None

    def _cut(self, end: int) -> Fragment:
        source = self._text[self._start : end]
        if self._normalise:
            said = say(source, self._language, self._controls)
        else:
            said = verbatim(source, self._controls)
        spoken = said.text.rstrip()
        fragment = Fragment(spoken and f"{spoken} ", source, self._dropped + self._start, said)
        self._quoted = within(self._text, self._start, end, self._quoted)
        self._start = self._scan = end
        self._first = False
        self._soft = self._held = None
        return fragment

    def _trimmed(self, fragments: list[Fragment]) -> list[Fragment]:
        """Forget the text that was cut, but for the one character that `Boundaries` looks at."""
        spent = self._start - 1
        if spent > 0:
            self._text = self._text[spent:]
            self._dropped += spent
            self._start -= spent
            self._scan -= spent
            self._soft = self._soft and self._soft - spent
            self._held = self._held and self._held - spent
        return fragments


def prepare(
    text: str,
    language: str = "en",
    first: Literal["clause", "sentence"] = "clause",
    normalise: bool = True,
    model: str | None = None,
) -> list[Fragment]:
    """Cut a whole text at once: the same fragments as for any split of it into tokens.

    Args:
        text: what the model would say.
        language: as for `Preparer`.
        first: as for `Preparer`.
        normalise: as for `Preparer`.
        model: as for `Preparer`.

    Raises:
        TypeError: the text is something else.
        ValueError: there are no rules for the language.
    """
    check_type("text", text, str, "Tokens go to Preparer.feed, one after the other.")
    preparer = Preparer(language, first, normalise, model)
    return preparer.feed(text) + preparer.finish()
