"""The arithmetic of `bench speech`: figures from a turn and the vendor's journal. No I/O."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from bench.speech_turns import Turn, split

TRIGGER = 50
"""Characters at which `convert_realtime`'s text is spoken: its `chunk_length_schedule`."""
RATE = 22050
"""PCM samples a second that every variant asks for: `RATE` in `peers/worker.py`."""
GRACE = 0.2
"""Seconds after a cancelled turn in which a hang-up still counts as its own."""
_MARKS = ".,;:!?…"

Entry = dict[str, Any]


def attach(turn: Turn, journal: Sequence[Entry]) -> Turn:
    """Find in the vendor's journal what a turn sent and got; turns must not overlap."""
    for entry in journal:
        if not _is_of(turn, entry):
            continue
        # A disconnect has a time and no message.
        for at, message in zip(entry["received_at"], entry["received"], strict=False):
            if turn.request <= at <= turn.end:
                turn.received.append((at, message))
        sent = entry["sent_at"]
        if turn.variant.path == "/stream":
            sent = sent[:-1]  # a body ends with an empty piece
        turn.sent += [at for at in sent if turn.request <= at <= turn.end]
    turn.received.sort(key=lambda pair: pair[0])
    turn.sent.sort()
    return turn


def _is_of(turn: Turn, entry: Entry) -> bool:
    variant, path = turn.variant, str(entry["path"])
    auto_mode = variant.path == "/stream" or entry["query"].get("auto_mode") == "true"
    return path.endswith(variant.path) and auto_mode == variant.auto_mode


def time_to_first_audio(turn: Turn) -> float:
    """Seconds from the request to the first audio in the caller's hands."""
    return turn.chunks[0][0] - turn.request


def first_generated(turn: Turn) -> tuple[float, str]:
    """When the vendor had the text that it spoke first, and that text.

    Raises:
        ValueError: it had none.
    """
    text = ""
    for at, message in turn.received:
        more = message.get("text") or ""
        text = (text + more).lstrip()
        if not text:
            continue
        if turn.variant.auto_mode or not more or message.get("flush") or len(text) >= TRIGGER:
            return at, text
    raise ValueError(f"{turn.variant.name} sent nothing to speak of {turn.text!r}.")


def completing_token(turn: Turn, text: str) -> int:
    """The index of the token that completed `text`, which begins the reply.

    Raises:
        ValueError: the text says it in other words.
    """
    wanted, had = _letters(text), ""
    tokens = split(turn.text)
    for index, token in enumerate(tokens):
        had += _letters(token)
        if had.startswith(wanted):
            mark = text.rstrip()[-1]
            follows = "".join(tokens[index + 1 : index + 2])
            missing = mark in _MARKS and not token.endswith(mark) and follows == mark
            return index + missing
        if not wanted.startswith(had):
            break
    raise ValueError(f"{text!r} is not how {turn.text!r} begins.")


def _letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def opener_words(text: str) -> int:
    """How many words come before the first full stop, question mark or exclamation mark."""
    return len(re.split(r"[.!?](?=\s|$)", text, maxsplit=1)[0].split())


def added(turn: Turn) -> float:
    """Seconds that the client added to the first audio: before the text left, and after it came."""
    complete, text = first_generated(turn)
    arrived = turn.arrived[completing_token(turn, text)]
    return (complete - arrived) + (turn.chunks[0][0] - turn.sent[0])


def vendors_own(turn: Turn) -> float:
    """Seconds that the vendor took from the text to its first audio."""
    return turn.sent[0] - first_generated(turn)[0]


def deliveries(turn: Turn) -> list[float]:
    """Seconds from the vendor's sending of a chunk's last byte to the caller's having it."""
    sizes = turn.sizes or [size for _, size in turn.chunks]  # a chunk is a message, unless said
    ends = list(accumulate(sizes))
    heard = accumulate(size for _, size in turn.chunks)
    return [
        at - turn.sent[bisect_left(ends, end)]
        for (at, _), end in zip(turn.chunks, heard, strict=True)
    ]


def stalls(turn: Turn) -> tuple[float, float]:
    """Seconds of silence that a player inserts, and those of them that the vendor forced."""
    sizes = turn.sizes or [size for _, size in turn.chunks]
    sent = list(zip(turn.sent, sizes, strict=False))
    return stall(turn.chunks), stall(sent)


def stall(audio: Sequence[tuple[float, int]]) -> float:
    """Seconds of silence that a player has to insert, given when each piece of PCM came."""
    silence, played = 0.0, audio[0][0]
    for at, size in audio:
        silence += max(0.0, at - played)
        played = max(at, played) + size / 2 / RATE
    return silence


def hang_ups(turn: Turn, journal: Sequence[Entry]) -> float:
    """Seconds from the decision to stop to when both vendors had seen the hang-up.

    Raises:
        ValueError: one of them never did.
    """
    assert turn.cancelled is not None
    seen: dict[str, float] = {}
    for entry in journal:
        llm = entry["path"].endswith("/chat/completions")
        if not llm and not _is_of(turn, entry):
            continue
        for gone in _ends(entry):
            if turn.cancelled <= gone <= turn.end + GRACE:
                seen.setdefault("LLM" if llm else "voice", gone)
    if len(seen) < 2:
        raise ValueError(f"{turn.variant.name} never hung up on both vendors: {seen}.")
    return max(seen.values()) - turn.cancelled


def _ends(entry: Entry) -> list[float]:
    """When the client left: a disconnect has a time and no message."""
    times: list[float] = entry["received_at"]
    return times[len(entry["received"]) :]
