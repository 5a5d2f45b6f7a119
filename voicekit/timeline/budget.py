"""What a turn may take, stage by stage, and who took more."""

from __future__ import annotations

from dataclasses import dataclass

from voicekit.arguments import check_seconds, check_type
from voicekit.timeline.marks import STAGES, Timeline, milliseconds

_SHARES = {  # of a budget of 700; the total is the goal, the shares are our proposal
    "endpointing": 200,
    "ASR": 50,
    "hand-over": 10,
    "LLM TTFT": 150,
    "first fragment": 140,
    "TTS TTFB": 75,
    "playout": 50,
    "leading silence": 25,
}
_LEAST = 0.001  # seconds; with less there is nothing to share out
_KEYWORDS = {name.lower().replace(" ", "_").replace("-", "_"): name for name in _SHARES}


@dataclass(frozen=True)
class Verdict:
    """Whether a turn kept its budget. True in a condition when it did; a sentence as text.

    `overspent` has the seconds over its allowance for each stage that took more; a stage may
    overspend what another has saved.
    """

    total: float
    delay: float
    overspent: dict[str, float]
    origin: str

    @property
    def left(self) -> float:
        """Seconds left of the budget; negative when it is overspent."""
        return self.total - self.delay

    @property
    def ok(self) -> bool:
        """Whether the whole delay is within the whole budget."""
        return self.left > -1e-9  # a sum of floats may miss its total by a rounding

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        left = f"{milliseconds(abs(self.left))} {'left' if self.ok else 'over'}"
        over = ", ".join(f"{name} by {milliseconds(by)}" for name, by in self.overspent.items())
        return (
            f"response delay {milliseconds(self.delay)} of {milliseconds(self.total)}, {left} "
            f"({self.origin})" + (f"; overspent: {over}" if over else "")
        )

    __repr__ = __str__


class Budget:
    """A response delay not to exceed, and an allowance for each stage; they add up to the total.

    Args:
        total: seconds.
        allowances: seconds by stage, such as `llm_ttft=0.3`; the other stages share what is left.

    Raises:
        TypeError: a duration is no number.
        ValueError: no stage has that name, the allowances exceed the total, or a duration is
            negative or so long that it was meant in milliseconds.
    """

    def __init__(self, total: float = 0.7, /, **allowances: float) -> None:
        unknown = set(allowances) - set(_KEYWORDS)
        if unknown:
            raise ValueError(f"No stage {min(unknown)!r}. Stages: {', '.join(_KEYWORDS)}.")
        check_seconds("total", total, least=_LEAST)
        for keyword, seconds in allowances.items():
            check_seconds(keyword, seconds)
        given = {_KEYWORDS[keyword]: seconds for keyword, seconds in allowances.items()}
        left = total - sum(given.values())
        if left < -1e-9:
            raise ValueError(
                f"The allowances exceed {milliseconds(total)} by {milliseconds(-left)}. "
                "Raise the total or lower one of them."
            )
        shares = sum(share for name, share in _SHARES.items() if name not in given)
        self.total = total
        self.allowances = {
            name: given.get(name, left * share / shares if shares else 0.0)
            for name, share in _SHARES.items()
        }

    def over(self, stage: str, seconds: float) -> float:
        """Seconds by which a stage is over its allowance, 0.0 if it is not by half a millisecond.

        What is unexplained has no allowance.
        """
        over = seconds - self.allowances.get(stage, 0.0)
        return over if round(1000 * over) > 0 else 0.0

    def check(self, timeline: Timeline) -> Verdict:
        """Compare one turn with the budget: `assert budget.check(turn), budget.check(turn)`.

        Raises:
            TypeError: it is no turn.
            ValueError: nothing became audible in this turn.
        """
        check_type("timeline", timeline, Timeline, "Check one turn at a time.")
        over = {stage.name: self.over(stage.name, stage.seconds) for stage in timeline.stages()}
        overspent = {name: over[name] for name in STAGES if over.get(name)}
        return Verdict(self.total, timeline.delay, overspent, timeline.origin)

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {milliseconds(part)}" for name, part in self.allowances.items())
        return f"<Budget {milliseconds(self.total)}: {parts}>"
