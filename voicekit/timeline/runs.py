"""Many turns: percentiles per stage, and runs side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import quantiles

from voicekit.arguments import check_items, check_number, check_type
from voicekit.timeline.marks import STAGES, Timeline, milliseconds
from voicekit.timeline.tables import Table

_DELAY = "response delay"
_TURNS = "Pass a list of turns, each a Timeline."


class Run:
    """Turns that one set-up has taken; shown as a table of p50 and p95.

    Stages and delays are those of the turns in which something became audible.

    Raises:
        TypeError: it is given something else than turns.
    """

    def __init__(self, turns: Iterable[Timeline]) -> None:
        self.turns: list[Timeline] = check_items("turns", turns, Timeline, _TURNS)
        self.seconds: dict[str, list[float]] = {name: [] for name in (*STAGES, _DELAY)}
        """The times of each stage, and of "response delay", a turn after the other."""
        for turn in self.turns:
            if turn.answered:
                self.seconds[_DELAY].append(turn.delay)
                for stage in turn.stages():
                    self.seconds[stage.name].append(stage.seconds)

    @property
    def stages(self) -> list[str]:
        """The stages that occurred, in their order."""
        return [name for name in STAGES if self.seconds[name]]

    def percentile(self, percent: int, stage: str = _DELAY) -> float:
        """Seconds that `percent` (1 to 99) of the turns stay under; between two, the line.

        Raises:
            TypeError: `percent` is no whole number.
            ValueError: no turn has that stage, or `percent` is out of range.
        """
        check_number("percent", percent, 1, 99, whole=True, remedy="95 is the 95th percentile.")
        values = self.seconds.get(stage)
        if not values:
            has = ", ".join([*self.stages, _DELAY]) if self.stages else "nothing audible"
            raise ValueError(f"No turn of this run has {stage!r}. It has: {has}.")
        if len(values) == 1:
            return values[0]
        return quantiles(values, n=100, method="inclusive")[percent - 1]

    def _table(self) -> Table:
        rows = [
            [
                name,
                milliseconds(self.percentile(50, name)),
                milliseconds(self.percentile(95, name)),
                str(len(self.seconds[name])),
            ]
            for name in (*self.stages, _DELAY)
            if self.seconds[name]
        ]
        caption = f"{self._facts()}. The stages' percentiles do not add up to the delay's."
        return Table(["stage", "p50", "p95", "turns"], rows, "<>>>", caption)

    def _facts(self) -> str:
        origins = "; ".join(dict.fromkeys(turn.origin for turn in self.turns))
        silent = len(self.turns) - len(self.seconds[_DELAY])
        return f"{len(self.turns)} turn{'s' * (len(self.turns) != 1)} ({origins})" + (
            f", {silent} of them without anything audible" if silent else ""
        )

    def __repr__(self) -> str:
        return str(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()


def compare(runs: Mapping[str, Run | Iterable[Timeline]]) -> Table:
    """Named runs side by side: p50 per stage and its ratio to the first run, p95 of the delay.

    Raises:
        TypeError: the runs have no names.
        ValueError: there is no run, or one has no turn in which something became audible.
    """
    check_type("runs", runs, Mapping, 'Name the runs: compare({"before": one, "after": two}).')
    if not runs:
        raise ValueError('There is nothing to compare: compare({"before": one, "after": two}).')
    columns = {name: run if isinstance(run, Run) else Run(run) for name, run in runs.items()}
    base = next(iter(columns.values()))
    rows = [
        [f"{stage} p{percent}", *(_cell(run, base, percent, stage) for run in columns.values())]
        for stage, percent in [
            *((name, 50) for name in STAGES if any(run.seconds[name] for run in columns.values())),
            (_DELAY, 50),
            (_DELAY, 95),
        ]
    ]
    facts = ". ".join(f"{name}: {run._facts()}" for name, run in columns.items())
    caption = f"In brackets the ratio to the first column. {facts}."
    return Table(["stage", *columns], rows, "<" + ">" * len(columns), caption)


def _cell(run: Run, base: Run, percent: int, stage: str) -> str:
    if stage != _DELAY and not run.seconds[stage]:
        return "-"
    seconds = run.percentile(percent, stage)
    if run is base or not base.seconds[stage] or base.percentile(percent, stage) <= 0:
        return milliseconds(seconds)
    return f"{milliseconds(seconds)} ({seconds / base.percentile(percent, stage):.2f}x)"
