"""A voice on a virtual clock: when text reaches it, and when its audio is there.

The model, so that its figures can be checked by hand: a fragment is sent when it is ready and the
socket is open; its audio is there `latency` later and plays on without a gap, since vendors make
audio faster than it plays; fragments keep their order.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, cast

from voicekit.timeline.marks import Timeline
from voicekit.timeline.release import Preparing, Release, left_to_play

Rule = Literal["clause", "sentence", "whole"]
"""When text is sent: at the first clause and then in sentences, in sentences, or all at once."""


class Spoken(Protocol):
    """A fragment, of which only the text to say matters here."""

    @property
    def spoken(self) -> str:
        """The text as it is sent to the voice."""


class VirtualVoice:
    """The TTS of a virtual turn; marks it, and puts audio into it.

    Args:
        turn: the timeline to write to.
        latency: seconds from a fragment sent to its first audio.
        opened: the time at which the socket is open.
        rate: characters said in a second.
    """

    def __init__(self, turn: Timeline, latency: float, opened: float, rate: float) -> None:
        self.turn = turn
        self.latency = latency
        self.opened = opened
        self.rate = rate

    def send(self, at: float, fragments: Sequence[Spoken]) -> None:
        """Send fragments that are ready at `at`; those without a word are left out."""
        for text in filter(None, (fragment.spoken.strip() for fragment in fragments)):
            sent = max(at, self.opened)
            audio = self.turn.audio
            there = max(sent + self.latency, audio[-1][0] if audio else 0.0)
            self.turn.mark("first_fragment", sent)
            self.turn.mark("first_byte", there)
            audio.append((there, len(text) / self.rate))

    def left(self, at: float) -> float:
        """Seconds of audio that a player which began with the first byte has left at `at`."""
        return left_to_play(self.turn.audio, at)


def tell(
    voice: VirtualVoice,
    rule: Rule,
    quiet: float,
    hungry: float,
    preparer: Callable[[], Preparing[Spoken]] | None,
) -> None:
    """Send the turn's tokens to the voice as the chunk rule would have."""
    if not voice.turn.tokens:
        raise ValueError("A chunk rule needs the LLM's tokens, and this turn has none.")
    release = Release((preparer or _preparer(rule))(), quiet, hungry)
    tokens = voice.turn.tokens
    end = max(tokens[-1][0], voice.turn.marks.get("last_token", 0.0))
    kept: list[Spoken] = []
    send = voice.send if rule != "whole" else lambda _, fragments: kept.extend(fragments)
    for (at, token), (following, _) in zip(tokens, [*tokens[1:], (end, "")], strict=True):
        send(at, release.token(token, voice.left(at)))
        now = at
        while (wait := release.look_after(voice.left(now))) and now + wait < following:
            now += wait
            send(now, release.look(voice.left(now)))
    send(end, release.finish())
    voice.send(end, kept)
    if not voice.turn.audio:
        raise ValueError("The reply has nothing to say: no token has a word in it.")


def _preparer(rule: Rule) -> Callable[[], Preparing[Spoken]]:
    text: Any = importlib.import_module("voicekit.text.preparer")
    return lambda: cast(
        Preparing[Spoken], text.Preparer(first="clause" if rule == "clause" else "sentence")
    )
