"""Heard-truth: which of the words that were sent have been heard after so much playing.

Fragments are sent, the vendor aligns their characters with its audio, the player says how much it
has played. From the three follows what a listener knows, and what a vendor still owes; nothing
else may enter the history.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate

from voicekit.audio import Clip
from voicekit.errors import SpeechDroppedError, SpeechError
from voicekit.speech.messages import Audio
from voicekit.text.preparer import Fragment

CHARACTERS_PER_SECOND = 15.0
"""An ordinary speaking rate, for vendors' messages without alignment."""
_ROUNDING = 0.002  # the vendor rounds to whole milliseconds
_SLACK = 0.05  # seconds by which its times may go beyond its sound; no word is that short


class Ledger:
    """What one utterance sent, and when each spoken character ends in its audio.

    Args:
        rate: samples a second of the audio.

    Attributes:
        fragments: what was sent, in order.
    """

    def __init__(self, rate: int) -> None:
        self.fragments: list[Fragment] = []
        self._rate = rate
        self._doubtful: Fragment | None = None  # the first of which sound was lost on the way
        self._spoken = ""
        self._ends: list[float] = []
        # Vendors change spaces and marks, and some begin a sentence's alignment anew: its letters
        # and digits are compared.
        self._letters = ""
        self._at: list[int] = []  # where each of them is in `_spoken`
        self._segment, self._begin = 0, 0.0  # the letter and the second of the last alignment
        self._last = Audio()  # the last message with an alignment
        self._aligned = False  # this vendor aligns
        self._longest = 0.0  # seconds of a message
        self._unread = False  # word times came that made no sense
        self._unnamed = False  # sound came whose words no alignment has named
        self._unanswered = False  # text was sent after the last sound

    def add(self, fragment: Fragment) -> None:
        """Note a fragment that goes to the voice."""
        self.fragments.append(fragment)
        for at, char in enumerate(fragment.spoken, len(self._spoken)):
            if char.isalnum():
                self._letters += char
                self._at.append(at)
        self._spoken += fragment.spoken
        self._unanswered = True

    @property
    def source(self) -> str:
        """The source text of all fragments."""
        return "".join(fragment.source for fragment in self.fragments)

    @property
    def doubt(self) -> SpeechError | None:
        """The error for sound that was lost between other sound, where nobody can put it back."""
        if self._doubtful is None:
            return None
        error = SpeechError("The vendor sent less sound than its words take.", "sound_missing")
        return error.account(self.source[: self._doubtful.start], self._doubtful.source)

    @property
    def certain(self) -> bool:
        """Whether all words that the sound so far holds are known."""
        return not self._unnamed

    @property
    def announced(self) -> bool:
        """Whether the sound of every word that was sent is on its way, by the alignment."""
        return self._done == len(self._letters)

    @property
    def owed(self) -> bool:
        """Whether words were sent whose sound is not on its way yet.

        A vendor that does not align is believed once any sound has come after the last text.
        """
        if self._unnamed or self._unread:
            return self._unanswered
        return not self.announced

    @property
    def expected(self) -> float:
        """Seconds of audio that what was sent will make: aligned so far, then estimated."""
        rest = len(self._spoken) - len(self._ends)
        return (self._ends[-1] if self._ends else 0.0) + rest / CHARACTERS_PER_SECOND

    def repeats(self, audio: Audio) -> bool:
        """Tell whether a message came twice; look whether one before it is missing.

        Raises:
            SpeechDroppedError: there are words between this message and those before it.
        """
        place = self._place(audio.chars)
        if place is None or place == self._done:
            return False
        if place > self._done and not self._unread and not self._unnamed:
            raise SpeechDroppedError("The vendor left out words.")
        return audio == self._last

    def align(self, begin: float, audio: Audio) -> None:
        """Note a message's alignment; its audio begins `begin` seconds into the utterance."""
        self._unanswered = self._unanswered and not audio.pcm
        self._longest = max(self._longest, len(audio.pcm) / 2 / self._rate)
        place = self._place(audio.chars)
        self._unread = self._unread or audio.unread or place is None
        if place is None or not audio.chars:
            beyond = begin >= self._end - _ROUNDING and not self.announced
            self._unnamed = self._unnamed or (beyond and self._audible(audio))
            return
        self._aligned = True
        letters = "".join(filter(str.isalnum, audio.chars))
        # Neither a mark alone nor a letter that comes again says where in the text this is.
        known = self._letters.count(letters, self._done) == 1
        known = known or (place <= self._done and not self._unread)
        if place > self._done:
            self._bridge(place, begin)
        elif self._fragment_is_cut(letters, place, begin):
            self._doubt(self._done - 1)
        if place >= self._done:
            self._segment, self._begin = place, begin
        self._last = audio
        if letters and known:
            self._unread = self._unnamed = False
        for char, end in zip(audio.chars, audio.ends, strict=True):
            wanted = self._at[place] if char.isalnum() else len(self._ends)
            if wanted >= len(self._ends) and (char.isalnum() or self._next() == char):
                self._ends += [self._end] * (wanted - len(self._ends))
                self._ends.append(max(self._begin + end, self._end))
            place += char.isalnum()

    def settle(self, seconds: float) -> None:
        """Take the vendor's word that this was all, after `seconds` of audio.

        Raises:
            SpeechDroppedError: it was not; the rest has to be asked for again.
        """
        if self.owed:
            raise SpeechDroppedError("The vendor ended before all words were said.")
        if not self.announced:
            if self._aligned and not self._unread:
                self._doubt(self._done)
        elif (short := self._end - seconds) > _SLACK:
            if short > self._longest + _SLACK:
                raise SpeechDroppedError("The vendor ended before all sound was there.")
            self._doubt(len(self._letters) - 1)

    def heard(self, seconds: float) -> str:
        """The source text heard after `seconds` of playing, whole words only."""
        spoken = self._spoken_by(seconds)
        heard = ""
        for fragment in self.fragments:
            if spoken < len(fragment.spoken.rstrip()):
                return heard + fragment.source[: fragment.heard(max(spoken, 0))]
            heard += fragment.source
            spoken -= len(fragment.spoken)
        return heard

    def position(self, seconds: float) -> int:
        """How many spoken characters belong to words that `seconds` of audio hold to their end."""
        begin = self._spoken_by(seconds)
        if self._spoken[begin : begin + 1].isspace():
            return begin  # the word before it has ended, whether or not the space was aligned
        while 0 < begin < len(self._spoken) and not self._spoken[begin - 1].isspace():
            begin -= 1
        return begin

    def rewind(self, seconds: float) -> list[str]:
        """Forget what came after the last whole word in `seconds` of audio, and return its text.

        The word that was cut is said again from its beginning, so no word is lost, and none that
        was said to its end is repeated.
        """
        begin = self.position(seconds)
        del self._ends[begin:]
        self._unread = self._unnamed = False
        self._unanswered, self._last = True, Audio()
        rest: list[str] = []
        at = 0
        for fragment in self.fragments:
            piece = fragment.spoken[max(begin - at, 0) :].lstrip()
            at += len(fragment.spoken)
            if piece.strip():
                rest.append(piece)
        return rest

    @property
    def _done(self) -> int:
        """How many letters are aligned."""
        return bisect_left(self._at, len(self._ends))

    @property
    def _end(self) -> float:
        """When the last aligned character ends."""
        return self._ends[-1] if self._ends else 0.0

    def _place(self, chars: str) -> int | None:
        """The letter at which an alignment begins; None if these were not sent."""
        wanted = "".join(filter(str.isalnum, chars))
        if self._letters.startswith(wanted, self._done):
            return self._done
        anew = self._letters.startswith(wanted, self._segment)
        if anew and (chars == self._last.chars or self._segment + len(wanted) > self._done):
            return self._segment  # some begin a sentence anew, and go further
        ahead = self._letters.find(wanted, self._done)
        return ahead if ahead >= 0 else None

    def _bridge(self, place: int, begin: float) -> None:
        """Spread the letters before `place` over sound that came without naming its words."""
        if not self._unread:
            self._doubt(self._done)
        start, count = self._end, self._at[place] - len(self._ends)
        step = max(begin - start, 0.0) / count
        self._ends += [start + step * (n + 1) for n in range(count)]

    def _doubt(self, letter: int) -> None:
        self._doubtful = self._doubtful or self.fragments[self._fragment(letter)]

    def _fragment_is_cut(self, letters: str, place: int, begin: float) -> bool:
        """Whether a message begins a fragment before the one before it has sounded to its end.

        Vendors make fragments one by one; a message with a space alone begins none.
        """
        if not letters or place != self._done or begin >= self._end - _SLACK:
            return False
        if not 0 < self._done < len(self._letters):
            return False
        return self._fragment(self._done - 1) != self._fragment(self._done)

    def _fragment(self, letter: int) -> int:
        """The number of the fragment that a letter belongs to."""
        ends = accumulate(len(fragment.spoken) for fragment in self.fragments)
        return bisect_right(list(ends), self._at[letter])

    def _audible(self, audio: Audio) -> bool:
        return Clip(audio.pcm[: len(audio.pcm) // 2 * 2], self._rate).onset() is not None

    def _spoken_by(self, seconds: float) -> int:
        if self._aligned:
            return bisect_right(self._ends, seconds + _ROUNDING)
        return min(int(seconds * CHARACTERS_PER_SECOND), len(self._spoken))

    def _next(self) -> str:
        return self._spoken[len(self._ends) : len(self._ends) + 1]
