"""When a speech WebSocket starts to speak the text it was sent. Pure: text in, segments out.

Text is buffered, and generation starts when the buffer has reached the current entry of the
schedule; each generation advances the schedule by one entry, which stays on the last. Source:
https://elevenlabs.io/docs/api-reference/text-to-speech/v-1-text-to-speech-voice-id-stream-input
(`chunk_length_schedule`, `auto_mode`, `flush`, `try_trigger_generation`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

DEFAULT_SCHEDULE = (120, 160, 250, 290)
TRY_MINIMUM = 50
"""Characters that `try_trigger_generation` needs; the vendor names no figure."""

_TAIL = 8  # characters: a mark, the one before it, and a few closing quotes
_WORD_END = re.compile(r"(?:\s|(?<!\d)[.,;:!?…][\"')\]”\u2019]*)\Z")
_PHRASE_END = re.compile(r"(?:\s|[.,;:!?…][\"')\]”\u2019]*)\Z")


class TextBuffer:
    """The text of one context that is not spoken yet.

    Args:
        schedule: characters at which the first, second, … generation starts.
        auto_mode: speak every message that ends a phrase at once. What ends in whitespace or
            punctuation counts as a phrase; a message that ends inside a word waits for the next.
    """

    def __init__(
        self, schedule: Sequence[float] = DEFAULT_SCHEDULE, auto_mode: bool = False
    ) -> None:
        self._schedule = schedule
        self._auto_mode = auto_mode
        self._generations = 0
        self._text = ""
        self._before = " "  # the last character so far, spoken or not

    def __len__(self) -> int:
        return len(self._text)

    def feed(self, text: str, *, flush: bool = False, trigger: bool = False) -> str:
        """Take `text`; return the segment to speak now, or an empty string.

        Blank text after whitespace, or before anything else, is a keep-alive and is dropped: a
        space says nothing there. Everything else comes out exactly once, in order, unchanged.

        `flush` speaks all there is, `trigger` what there is from `TRY_MINIMUM` characters on.
        """
        if text.strip() or not self._before.isspace():
            self._text += text
        self._before = (self._before + self._text)[-1]
        segment = self._text[: self._due(flush, trigger)]
        if not segment.strip():
            return ""
        self._text = self._text[len(segment) :]
        self._generations += 1
        return segment

    def _due(self, flush: bool, trigger: bool) -> int:
        """How many characters to speak now."""
        if flush or (self._auto_mode and _PHRASE_END.search(self._text[-_TAIL:])):
            return len(self._text)
        threshold = self._schedule[min(self._generations, len(self._schedule) - 1)]
        if trigger:
            threshold = min(threshold, TRY_MINIMUM)
        if self._auto_mode or len(self._text) < threshold:
            return 0
        return self._word_end()

    def _word_end(self) -> int:
        """Where the last whole word ends: a token that stops inside a word waits for its rest."""
        if _WORD_END.search(self._text[-_TAIL:]):
            return len(self._text)
        cut = max(self._text.rfind(space) for space in " \n\t") + 1
        return cut if self._text[:cut].strip() else len(self._text)
