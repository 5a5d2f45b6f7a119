"""Pair what the caller said with what was heard next: response delays, out of the sound itself."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

from voicekit.conversation.tape import Span
from voicekit.timeline import Timeline


def turns(
    caller: Sequence[Span],
    agent: Sequence[Span],
    timeline: Callable[[], Timeline],
    origin: float = 0.0,
) -> list[Timeline]:
    """One timeline for each of the caller's spans, with `speech_end` and, if any came, `audible`.

    The answer to a span begins after it and before the next one. What the agent was saying
    already, and goes on to say, is no answer.

    Args:
        caller: when the caller spoke.
        agent: when the agent was heard.
        timeline: makes an empty one.
        origin: what the timelines' clock read at zero of the spans, in seconds.
    """
    found = []
    for index, span in enumerate(caller):
        until = caller[index + 1].start if index + 1 < len(caller) else math.inf
        turn = timeline()
        turn.mark("speech_end", origin + span.end)
        onset = next((other.start for other in agent if span.end < other.start < until), None)
        if onset is not None:
            turn.mark("audible", origin + onset)
        found.append(turn)
    return found


def last_turns(
    caller: Iterable[Span],
    agent: Iterable[Span],
    timeline: Callable[[], Timeline],
    origin: float = 0.0,
    last: int | None = None,
) -> list[Timeline]:
    """The last turns, in the order of time; no more of the spans is asked for than they need.

    Args:
        caller: when the caller spoke, newest first.
        agent: when the agent was heard, newest first.
        timeline: makes an empty one.
        origin: what the timelines' clock read at zero of the spans, in seconds.
        last: how many turns; None is all.
    """
    spoken = [*itertools.islice(caller, last)][::-1]
    if not spoken:
        return []
    heard = itertools.takewhile(lambda span: span.start > spoken[0].end, agent)
    return turns(spoken, [*heard][::-1], timeline, origin)
