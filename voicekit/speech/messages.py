"""One message of the vendor's, read: sound, word times, the end, or an error. Pure.

Nothing that a vendor sends gets further than here unless it is what it should be. A message whose
sound cannot be read ends the connection, since a word may be lost; word times that make no sense
are left out, since the sound can do without.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from voicekit.errors import SpeechDroppedError, SpeechError

_SLOWEST = 1.0  # seconds a character; times beyond that, and ten seconds, are not of speech


@dataclass(frozen=True)
class Audio:
    """One message of sound.

    Args:
        pcm: PCM16; a message may end within a sample.
        chars: the characters that begin to sound in it, where the vendor aligned them.
        ends: when each of them ends, in seconds after this message's first sample.
        unread: there were word times, but they made no sense and are left out.
        final: the vendor says that this was all.
    """

    pcm: bytes = b""
    chars: str = ""
    ends: tuple[float, ...] = ()
    unread: bool = False
    final: bool = False


def read(frame: str | bytes) -> Audio:
    """Read one message; one that says nothing of interest gives an empty `Audio`.

    Raises:
        SpeechError: it is the vendor's error; with its reason.
        SpeechDroppedError: it is no message of this vendor's. The rest has to be asked for again.
    """
    try:
        event = json.loads(frame)
        if not isinstance(event, dict):
            raise TypeError("a message is an object")
        pcm = base64.b64decode(event.get("audio") or "", validate=True)
        final = event.get("isFinal") or event.get("is_final") or False
        if not isinstance(event.get("audio"), str | None) or not isinstance(final, bool):
            raise TypeError("a field is of another type")
    except (ValueError, TypeError, RecursionError):
        raise SpeechDroppedError("The vendor sent a message that cannot be read.") from None
    if event.get("error") or (event.get("message") and not pcm and not final):
        raise SpeechError.of(event.get("error"), event.get("message"))
    alignment = event.get("alignment") or event.get("normalizedAlignment")
    try:
        chars, ends = _times(alignment) if alignment else ("", ())
    except (ValueError, TypeError, KeyError, OverflowError):
        return Audio(pcm, unread=True, final=final)
    return Audio(pcm, chars, ends, final=final)


def _times(alignment: Any) -> tuple[str, tuple[float, ...]]:
    """The characters and their ends.

    Raises:
        ValueError, TypeError, KeyError, OverflowError: they make no sense.
    """
    chars = alignment["chars"]
    starts = _either(alignment, "charStartTimesMs", "charsStartTimesMs", "char_start_times_ms")
    lengths = _either(alignment, "charDurationsMs", "charsDurationsMs", "char_durations_ms")
    ends = tuple((begin + lasts) / 1000 for begin, lasts in zip(starts, lengths, strict=True))
    text = "".join(chars)
    if len(ends) != len(text) or len(chars) != len(text):
        raise ValueError("a time for each character")
    if not all(math.isfinite(end) and 0 <= end <= 10 + _SLOWEST * len(text) for end in ends):
        raise ValueError("times within the sound")
    return text, ends


def _either(alignment: dict[str, Any], *names: str) -> Sequence[float]:
    """The list of numbers under one of these names: the sockets spell them differently."""
    values = next((alignment[name] for name in names if alignment.get(name) is not None), None)
    if not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
        raise TypeError("a list of numbers")
    return values
