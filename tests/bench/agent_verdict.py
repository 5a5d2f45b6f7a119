"""The goals of `bench agent`, and whether a run has met them."""

from __future__ import annotations

from statistics import fmean

from bench.table import Row

LIMITS = {  # variant, metric: (percentile, at most) in milliseconds
    ("eager", "response delay"): [(50, 620.0), (95, 700.0)],
    ("eager, speculative", "response delay"): [(50, 540.0)],
    ("eager, instant", "response delay"): [(50, 400.0)],
    ("eager", "barge-in to silence"): [(95, 200.0)],
}
UNEXPLAINED = 30.0
"""Milliseconds, the 95th percentile at most."""
SHARES = {  # metric: per cent of the cases at least
    "answered in turn": 97.0,
    "barge-ins obeyed": 97.0,
    "corrected to what was heard": 100.0,
    "right answer in quiet": 95.0,
    "right answer, noise 15 dB below the voice": 85.0,
    "no order made up of other talk": 100.0,
    "agent talks on through a mm-hm": 90.0,
    "agent talks on through a cough": 90.0,
}


def verdicts(rows: list[Row]) -> list[str]:
    """A line for each goal that these rows can judge."""
    lines = []
    for row in rows:
        limits = LIMITS.get((row.variant, row.metric), [])
        if row.metric == "unexplained":
            limits = [(95, UNEXPLAINED)]
        label = f"{row.metric} ({row.variant})" if row.variant else row.metric
        for percent, limit in limits if row.samples else ():
            value = row.percentile(percent)
            lines.append(
                _line(value <= limit, label, f"p{percent} {value:.0f} ms, at most {limit:g}")
            )
        if row.metric in SHARES and row.samples:
            share, least = fmean(row.samples), SHARES[row.metric]
            wanted = f"{share:.1f} % of {len(row.samples)}, at least {least:g}"
            lines.append(_line(share >= least, label, wanted))
    return lines


def _line(met: bool, label: str, wanted: str) -> str:
    return f"{'pass' if met else 'FAIL'}  {label}: {wanted}"
