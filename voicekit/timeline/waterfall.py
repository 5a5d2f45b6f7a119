"""Draw a turn's stages as bars, each beginning where the one above it ends."""

from __future__ import annotations

from voicekit.arguments import check_type
from voicekit.timeline.budget import Budget
from voicekit.timeline.marks import UNEXPLAINED, Timeline, milliseconds
from voicekit.timeline.tables import Table

_CELLS = 32
_CELLS_BESIDE_A_BUDGET = 20  # two columns more, in a page of 1024 px with its file browser open
_THIN = "▏"  # takes time, but less than half a cell


def waterfall(timeline: Timeline, budget: Budget | None = None) -> Table:
    """One row a stage: where it starts, how long it takes, a bar; with a budget, what is allowed.

    The bar of what is unexplained is grey (`░`), since nothing measured it.
    """
    if budget is not None:
        check_type("budget", budget, Budget, "Pass a budget, such as Budget(0.7).")
    stages = timeline.stages()
    limit = budget.total if budget else 0.0
    span = max([limit, *(stage.start + max(0.0, stage.seconds) for stage in stages)]) or 1.0
    size = _CELLS_BESIDE_A_BUDGET if budget else _CELLS
    head = ["stage", "starts at", "takes", "bar"]
    if budget:
        head[3:] = ["allowed", "over by", f"bar, │ at {milliseconds(limit)}"]
    rows = []
    for name, start, seconds in stages:
        row = [name, milliseconds(start), milliseconds(seconds)]
        if budget:
            over = budget.over(name, seconds)
            allowed = milliseconds(budget.allowances.get(name, 0.0))
            row += [allowed, milliseconds(over) if over else ""]
        fill = "░" if name == UNEXPLAINED else "█"
        rows.append([*row, _bar(start, start + seconds, span, limit, size, fill)])
    align = "<>>>>#" if budget else "<>>#"
    return Table(head, rows, align, _caption(timeline, budget))


def _caption(timeline: Timeline, budget: Budget | None) -> str:
    said = str(budget.check(timeline) if budget and timeline.answered else timeline)
    if round(1000 * timeline.stall) > 0:
        said += f"; stalls {milliseconds(timeline.stall)} later on"
    if "cancelled" in timeline.marks:
        said += f"; cancelled at {milliseconds(timeline.marks['cancelled'] - timeline.start)}"
    return said


def _bar(start: float, end: float, span: float, limit: float, size: int, fill: str) -> str:
    """Half a cell is the finest step that block characters can both begin and end at."""
    begin, stop = sorted(round(2 * size * max(0.0, at) / span) for at in (start, end))
    cells = [" "] * (size + 1)
    if begin == stop and start != end:
        cells[begin // 2] = _THIN
    for half in range(begin, stop):
        whole = fill != "█" or cells[half // 2] != " "  # only the solid block has halves
        cells[half // 2] = fill if whole else "▌▐"[half % 2]
    if limit and cells[mark := round(size * limit / span)] == " ":
        cells[mark] = "│"
    return "".join(cells).rstrip()
