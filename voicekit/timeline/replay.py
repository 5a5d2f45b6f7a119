"""What if? A turn's timeline again, with something else changed, on a virtual clock.

Nothing is called. How the voice is thought to behave stands in `voicekit.timeline.virtual_voice`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, get_args

from voicekit.arguments import check_choice, check_items, check_number, check_seconds, check_type
from voicekit.timeline.marks import Timeline
from voicekit.timeline.release import HUNGRY, QUIET, Preparing
from voicekit.timeline.virtual_voice import Rule, Spoken, VirtualVoice, tell

_FASTEST = 1000.0  # characters said in a second; a voice says 15
_LEVERS = frozenset({"round_trip", "handshake", "quiet", "hungry", "speaking_rate", "preparer"})


def replay(
    turn: Timeline,
    *,
    first_chunk: float | None = None,
    rule: Rule | None = None,
    endpointing: float | None = None,
    round_trip: float = 0.0,
    handshake: float = 0.0,
    quiet: float = QUIET,
    hungry: float = HUNGRY,
    speaking_rate: float = 15.0,
    preparer: Callable[[], Preparing[Spoken]] | None = None,
) -> Timeline:
    """The same turn with another model, chunk rule, endpointing delay, region or socket.

    What is not given stays as it was. Barge-ins are left out: another turn has another one.

    Args:
        turn: a turn that became audible, with its tokens if `rule` is given.
        first_chunk: seconds from a fragment sent to its first audio; the model's figure.
        rule: when text is sent. None keeps the recorded fragments and shifts their audio.
        endpointing: seconds of silence after which the caller counts as finished.
        round_trip: seconds that the voice's region adds to each fragment.
        handshake: seconds that the socket takes to open, from the request on and so at the same
            time as the LLM thinks; 0 is prewarmed.
        quiet: seconds without a token after which an unconfirmed sentence end counts as one.
        hungry: seconds of audio left below which a clause is sent rather than a sentence awaited.
        speaking_rate: characters said in a second; an assumption, typical of English.
        preparer: makes what cuts the tokens; None is `voicekit.text.preparer.Preparer`.

    Raises:
        TypeError: `turn` is no turn, or a figure is no number.
        ValueError: the turn lacks marks or tokens that this replay needs, there is no such rule,
            or a figure is out of range.
    """
    check_type("turn", turn, Timeline, "Replay one turn, such as run.turns[0].")
    if rule is not None:
        check_choice("rule", rule, get_args(Rule))
    figures = {
        "first_chunk": first_chunk, "endpointing": endpointing, "round_trip": round_trip,
        "handshake": handshake, "quiet": quiet, "hungry": hungry,
    }  # fmt: skip
    for name, seconds in figures.items():
        if seconds is not None or name not in ("first_chunk", "endpointing"):
            check_seconds(name, seconds)
    check_number("speaking_rate", speaking_rate, 1.0, _FASTEST)
    again = _until_asked(turn, endpointing)
    changed = {
        "first_chunk": first_chunk, "rule": rule, "endpointing": endpointing,
        "round_trip": round_trip or None, "handshake": handshake or None,
    }  # fmt: skip
    again.replayed = ", ".join(f"{k}={v}" for k, v in changed.items() if v is not None) or "nothing"
    was = turn.marks
    latency = was["first_byte"] - was["first_fragment"] if first_chunk is None else first_chunk
    opened = again.marks["request"] + handshake
    voice = VirtualVoice(again, latency + round_trip, opened, speaking_rate)
    if rule is None:
        _repeat(turn, voice)
    else:
        tell(voice, rule, quiet, hungry, preparer)
    if again.audio:
        again.mark("last_byte", again.audio[-1][0])
    playing = again.marks["first_byte"] + was["playing"] - was["first_byte"]
    again.mark("playing", playing)
    again.mark("audible", playing + was["audible"] - was["playing"])
    if turn.heard is not None:  # what nobody could explain stays unexplained
        again.reconcile(again.delay + turn.heard - (was["audible"] - turn.start))
    return again


def simulate(
    reply: Iterable[str],
    *,
    llm_first_token: float,
    tokens_per_second: float,
    tts_first_chunk: float,
    endpointing: float = 0.0,
    asr: float = 0.0,
    playout: float = 0.0,
    leading_silence: float = 0.0,
    profile: str = "declared",
    rule: Rule = "clause",
    **levers: Any,
) -> Timeline:
    """A turn made of declared figures only: exact, the same everywhere, and nothing is called.

    Args:
        reply: the LLM's tokens.
        llm_first_token: seconds from the request to the first of them.
        tokens_per_second: the pace of the others; 0 is all at once.
        tts_first_chunk: seconds from a fragment sent to its first audio.
        endpointing: seconds of silence after which the caller counts as finished.
        asr: seconds from then to the transcript; a turn with neither begins at the request.
        playout: seconds from the first byte to the player's first sample.
        leading_silence: seconds of silence that the voice begins with.
        profile: the figures' name, shown beside them.
        rule: when text is sent.
        levers: `round_trip`, `handshake`, `quiet`, `hungry`, `speaking_rate`, `preparer` as in
            `replay`.

    Raises:
        TypeError: the reply is a text instead of its tokens, or a figure is no number.
        ValueError: the reply has nothing to say, there is no such rule, or a figure is out of
            range.
    """
    reply = check_items("reply", reply, str, "Pass the tokens, such as a list of words.")
    check_choice("rule", rule, get_args(Rule))
    check_type("profile", profile, str, "Pass the name that is shown beside the figures.")
    figures = {
        "llm_first_token": llm_first_token, "tts_first_chunk": tts_first_chunk,
        "endpointing": endpointing, "asr": asr, "playout": playout,
        "leading_silence": leading_silence,
    }  # fmt: skip
    for name, seconds in figures.items():
        check_seconds(name, seconds)
    check_number("tokens_per_second", tokens_per_second, 0.0)
    if unknown := set(levers) - _LEVERS:
        raise TypeError(
            f"There is no lever {min(unknown)!r}. Levers: {', '.join(sorted(_LEVERS))}."
        )
    turn = Timeline(clock=lambda: 0.0, profile=profile)
    asked = endpointing + asr
    if asked:
        turn.marks.update(speech_end=0.0, endpoint=endpointing, transcript=asked)
    turn.mark("request", asked)
    pace = 1 / tokens_per_second if tokens_per_second else 0.0
    for index, token in enumerate(reply):
        turn.tokens.append((asked + llm_first_token + index * pace, token))
        turn.mark("first_token", turn.tokens[0][0])
    if turn.tokens:
        turn.mark("last_token", turn.tokens[-1][0])
    # The voice as it would be with a first fragment at once; the replay then moves it.
    for name, after in (
        ("first_fragment", 0.0), ("first_byte", tts_first_chunk),
        ("playing", tts_first_chunk + playout),
        ("audible", tts_first_chunk + playout + leading_silence),
    ):  # fmt: skip
        turn.mark(name, asked + after)
    turn = replay(turn, first_chunk=tts_first_chunk, rule=rule, **levers)
    turn.replayed = ""
    return turn


def _until_asked(turn: Timeline, endpointing: float | None) -> Timeline:
    """A new timeline from zero, with the caller's and the LLM's part of the old one."""
    needed = ["request", "first_fragment", "first_byte", "playing", "audible"]
    needed += ["speech_end", "endpoint"] if endpointing is not None else []
    if missing := [name for name in needed if name not in turn.marks]:
        raise ValueError(f"This turn cannot be replayed; it has no mark {', '.join(missing)}.")
    later = -turn.start
    if endpointing is not None:
        later += endpointing - (turn.marks["endpoint"] - turn.marks["speech_end"])
    again = Timeline(clock=lambda: 0.0, profile=turn.profile)
    for name in ("speech_end", "endpoint", "transcript", "request", "first_token", "last_token"):
        if name in turn.marks:
            again.mark(name, 0.0 if name == "speech_end" else turn.marks[name] + later)
    again.tokens = [(at + later, token) for at, token in turn.tokens]
    return again


def _repeat(turn: Timeline, voice: VirtualVoice) -> None:
    """Send what was sent, as long after the request as it was; all audio moves with the first."""
    was, again = turn.marks, voice.turn
    ready = again.marks["request"] + was["first_fragment"] - was["request"]
    sent = again.mark("first_fragment", max(ready, voice.opened))
    first = again.mark("first_byte", sent + voice.latency)
    shift = ready + voice.latency - was["first_byte"]
    again.audio = [(max(at + shift, first), seconds) for at, seconds in turn.audio]
