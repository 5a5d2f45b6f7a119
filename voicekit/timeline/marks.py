"""Marks of one turn, and the stages between them: where the response delay went.

A stage is named after what was waited for, and ends at a mark. The stages add up to the response
delay; what they cannot account for is a stage too, "unexplained".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from voicekit.arguments import check_callable, check_number

if TYPE_CHECKING:
    from voicekit.timeline.budget import Budget
    from voicekit.timeline.tables import Table

STAGE_ENDING_AT = {
    "speech_end": "",  # the caller's last audible sample; a turn without speech starts at `request`
    "endpoint": "endpointing",  # the caller counts as finished
    "transcript": "ASR",  # the final one
    "request": "hand-over",  # the LLM is asked
    "first_token": "LLM TTFT",
    "first_fragment": "first fragment",  # the first text is sent to the TTS
    "first_byte": "TTS TTFB",
    "playing": "playout",  # the first sample is at the player
    "audible": "leading silence",  # the first sample that can be heard
}
"""Marks in their order, and the stage that ends at each."""
LATER_MARKS = ("last_token", "last_byte", "finished", "cancelled")
"""Marks that are no part of the response delay. `cancelled` is a barge-in."""
UNEXPLAINED = "unexplained"
STAGES = (*filter(None, STAGE_ENDING_AT.values()), UNEXPLAINED)
_KNOWN = (*STAGE_ENDING_AT, *LATER_MARKS)
_ROUNDING = 1e-9  # seconds; floats that add up to less than this agree


class Stage(NamedTuple):
    """Something that was waited for. Both times in seconds, `start` from the turn's first mark."""

    name: str
    start: float
    seconds: float


class Timeline:
    """What happened when in one turn.

    Args:
        clock: seconds from any origin; a virtual one makes figures exact.
        profile: the simulated latency profile, shown beside every figure; None is live.
    """

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, profile: str | None = None
    ) -> None:
        check_callable("clock", clock, 0, "Name the other argument: Timeline(profile=…).")
        self.clock = clock
        self.profile = profile
        self.epoch = time.time() - clock()
        """Wall time, in seconds since 1970, at which the clock reads zero."""
        self.marks: dict[str, float] = {}
        self.tokens: list[tuple[float, str]] = []
        """When each LLM token came."""
        self.audio: list[tuple[float, float]] = []
        """When each chunk came, and its seconds of sound."""
        self.heard: float | None = None
        """The delay found in the rendered audio; set by `reconcile`."""
        self.replayed = ""
        """What a replay changed; empty for a turn that took place."""

    def mark(self, name: str, at: float | None = None) -> float:
        """Note that `name` happens now, or at the clock's `at`. The first mark of a name wins.

        Returns:
            The time that counts for this mark.

        Raises:
            ValueError: no mark has this name.
        """
        if name not in _KNOWN:
            raise ValueError(f"There is no mark {name!r}. Known: {', '.join(_KNOWN)}.")
        if at is not None:
            check_number("at", at, remedy="Pass seconds of this timeline's clock.")
        return self.marks.setdefault(name, self.clock() if at is None else at)

    def stages(self) -> list[Stage]:
        """The stages up to the last mark there is; they add up to `delay` once that is known.

        Work that went on while something else was waited for takes no time of its own: an LLM
        asked before the transcript was final has a shorter TTFT, not a negative hand-over.
        """
        marks = [(name, self.marks[name]) for name in STAGE_ENDING_AT if name in self.marks]
        start = reached = marks[0][1] if marks else 0.0
        stages = []
        for name, at in marks[1:]:
            seconds = max(0.0, at - reached)
            if seconds or name != "request":
                stages.append(Stage(STAGE_ENDING_AT[name], reached - start, seconds))
            reached = max(reached, at)
        if self.answered:
            remainder = self.delay - (reached - start)
            if self.heard is not None or abs(remainder) > _ROUNDING:
                stages.append(Stage(UNEXPLAINED, reached - start, remainder))
        return stages

    def reconcile(self, heard: float) -> None:
        """Trust the rendered audio: `heard` is the delay found there, in seconds.

        What the marks do not account for is the stage "unexplained". It is negative when they say
        that the sound came later than it did.
        """
        check_number("heard", heard, remedy="Pass the delay in seconds.")
        self.heard = heard

    @property
    def start(self) -> float:
        """The clock at the turn's first mark.

        Raises:
            ValueError: nothing is marked yet.
        """
        for name in STAGE_ENDING_AT:
            if name in self.marks:
                return self.marks[name]
        raise ValueError('This turn has no beginning: call mark("speech_end") or mark("request").')

    @property
    def answered(self) -> bool:
        """Whether something became audible, and so a response delay is known."""
        return self.heard is not None or "audible" in self.marks

    @property
    def delay(self) -> float:
        """The response delay: seconds from the first mark to the first audible sample.

        Raises:
            ValueError: nothing became audible.
        """
        if self.heard is not None:
            return self.heard
        if "audible" not in self.marks:
            got = ", ".join(self.marks) or "none"
            raise ValueError(
                f'This turn has no mark "audible", so no delay is known. Marks: {got}.'
            )
        return self.marks["audible"] - self.start

    @property
    def stall(self) -> float:
        """Seconds of silence after the first sound, since audio came later than it was due.

        `playout` counts as a buffer: audio that arrives within it is in time.
        """
        silence = 0.0
        played = self.marks.get("playing", self.audio[0][0] if self.audio else 0.0)
        for at, seconds in self.audio:
            silence += max(0.0, at - played)
            played = max(at, played) + seconds
        return silence

    @property
    def origin(self) -> str:
        """Where the figures come from, for people: live, or simulated by which profile."""
        origin = "live" if self.profile is None else f"simulated, profile {self.profile!r}"
        return f"{origin}, replayed with {self.replayed}" if self.replayed else origin

    def waterfall(self, budget: Budget | None = None) -> Table:
        """The stages as bars one below the other, with what a budget allows for each."""
        from voicekit.timeline.waterfall import waterfall

        return waterfall(self, budget)

    def __str__(self) -> str:
        if self.answered:
            return f"response delay {milliseconds(self.delay)} ({self.origin})"
        stages = self.stages()
        spent = sum(stage.seconds for stage in stages)
        last = f" (the last was {stages[-1].name})" if stages else ""
        return f"nothing audible; stages so far {milliseconds(spent)}{last} ({self.origin})"

    def __repr__(self) -> str:
        return f"<Timeline: {self}>"


def milliseconds(seconds: float) -> str:
    """A duration as people read it here: whole milliseconds with their unit."""
    return f"{round(1000 * seconds)} ms"
