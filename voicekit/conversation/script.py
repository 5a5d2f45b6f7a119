"""What a caller says and when: lines, each with its sound and its cue, and whose turn it is.

No I/O but for the voice that speaks the lines, and no clock: `Script` is told what can be heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from voicekit.arguments import check_items, check_number, check_seconds, check_type
from voicekit.audio import Clip
from voicekit.conversation.track import RATE
from voicekit.errors import AudioError
from voicekit.speech import speak_sync

if TYPE_CHECKING:
    from voicekit.world import World

MODEL = "eleven_flash_v2_5"
_FULL_SCALE = 32768.0
_LONGEST_ANSWER = 600.0  # seconds
ANSWER = 0.3
"""Seconds of the agent that make an answer; less is the rest of what was interrupted."""


@dataclass(frozen=True)
class Line:
    """One thing that the caller does, and its cue.

    Without `over` or `over_words` the caller waits for the answer to the line before, and for its
    end. With one of them the caller talks over that answer.

    Attributes:
        text: the words; spoken by a voice unless `sound` is given.
        after: seconds in which both sides are quiet before the line.
        over: seconds of the answer heard before the caller talks over it.
        over_words: likewise, in whole words of the answer.
        sound: what is heard in place of a voice, 16 kHz.

    Raises:
        TypeError: a part of it is of another kind.
        ValueError: there is nothing to say, two cues, or a duration that cannot be.
    """

    text: str
    after: float = 0.6
    over: float | None = None
    over_words: int | None = None
    sound: Clip | None = None

    def __post_init__(self) -> None:
        check_type("text", self.text, str, "Pass the words of one line.")
        check_seconds("after", self.after)
        if self.over is not None:
            check_seconds("over", self.over, most=_LONGEST_ANSWER)
        if self.over_words is not None:
            check_number("over_words", self.over_words, 0, whole=True)
        if self.over is not None and self.over_words is not None:
            raise ValueError("A line has one cue. Pass `over` or `over_words`.")
        if self.sound is None and not any(map(str.isalnum, self.text)):
            raise ValueError(f"{self.text!r} has no word to say. Pass words, or a `sound`.")
        if self.sound is not None:
            check_type("sound", self.sound, Clip, "Pass a Clip, such as Clip.load(path).")


def cough(over: float = 1.0, seed: int = 0) -> Line:
    """Two bursts of noise with no word in them, over the agent's answer.

    Args:
        over: seconds of the answer heard before.
        seed: another one is another cough.
    """
    random = np.random.default_rng(seed)
    at = np.arange(round(0.35 * RATE)) / RATE
    burst = random.standard_normal(at.size) * np.minimum(at / 0.01, 1) * np.exp(-at / 0.07)
    pause = np.zeros(round(0.1 * RATE))
    pcm = (4000 * np.concatenate([burst, pause, 0.7 * burst])).astype("<i2").tobytes()
    return Line("(a cough)", over=over, sound=Clip(pcm, RATE, "(a cough)"))


def recorded(
    script: Iterable[str | Line], world: World | None, voice: str, level: float
) -> list[Line]:
    """The lines, each with its sound; the vendor's voice speaks those that have none.

    Args:
        script: sentences or lines.
        world: whose text to speech is the caller's voice; live it costs credits.
        voice: a voice's id.
        level: root mean square of each spoken line, in dB relative to full scale.

    Raises:
        AudioError: a line has no sound and there is no world to speak it.
        TypeError: the script is no list of sentences and lines.
    """
    said = check_items("script", script, (str, Line), 'Pass a list of lines: ["How are you?"].')
    lines = [Line(line) if isinstance(line, str) else line for line in said]
    unspoken = [line for line in lines if line.sound is None]
    if unspoken and world is None:
        raise AudioError(
            f"Nobody can say {unspoken[0].text!r}: give the caller a world "
            "(voicekit.connect()), or the line a sound (a Clip of 16 kHz)."
        )
    sounds = {}
    for text in {line.text: None for line in unspoken}:
        chunks = speak_sync(text, world, voice=voice, model=MODEL, rate=RATE)
        sounds[text] = at_level(Clip.from_chunks((c.pcm for c in chunks), RATE, text), level)
    return [line if line.sound else replace(line, sound=sounds[line.text]) for line in lines]


def at_level(clip: Clip, level: float) -> Clip:
    """The clip with another loudness, in dB relative to full scale (RMS); peaks are clipped."""
    samples = clip.samples * 10 ** ((level - clip.level) / 20)
    pcm = np.clip(np.rint(samples), -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes()
    return Clip(pcm, clip.rate, clip.text)


@dataclass(frozen=True)
class Room:
    """What can be heard at one moment. Seconds."""

    now: float
    heard: float  # of the agent, since the beginning
    words: int  # of the agent, since the beginning
    quiet: float  # since either side was heard
    talking: bool  # the caller is


class Script:
    """Goes through the lines, one cue after the other.

    Args:
        lines: what the caller does.
        patience: seconds to wait for an answer, or for a cue that does not come.
        linger: seconds of quiet after the last answer before the script counts as finished.
    """

    def __init__(self, lines: Sequence[Line], patience: float = 10.0, linger: float = 0.5) -> None:
        self._lines = list(lines)
        self._patience = patience
        self._linger = linger
        self._next = 0
        self._heard = 0.0  # of the agent, when the last line ended
        self._words = 0
        self._since = 0.0  # when the last line ended
        self.unanswered: list[Line] = []
        """Lines that nothing was said to within the patience."""
        self.finished = False

    def cue(self, room: Room) -> Line | None:
        """The line that is due now, if one is; to be called every few hundredths of a second."""
        if self.finished:
            return None
        if room.talking:
            self._heard, self._words, self._since = room.heard, room.words, room.now
            return None
        first, last = self._next == 0, self._next == len(self._lines)
        answered = room.heard - self._heard >= ANSWER
        waited = room.now - self._since >= self._patience and room.quiet >= self._patience
        if last:
            if (answered and room.quiet >= self._linger) or waited or first:
                self._give_up(answered or first)
                self.finished = True
            return None
        line = self._lines[self._next]
        if self._is_due(line, room, answered or first) or waited:
            self._give_up(answered or first)
            self._next += 1
            return line
        return None

    def _is_due(self, line: Line, room: Room, answered: bool) -> bool:
        if line.over is not None:
            return room.heard - self._heard >= line.over
        if line.over_words is not None:
            return room.words - self._words >= line.over_words
        return answered and room.quiet >= line.after

    def _give_up(self, answered: bool) -> None:
        if not answered:
            self.unanswered.append(self._lines[self._next - 1])
