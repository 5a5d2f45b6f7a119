"""The goals of `bench speech`, and whether a run has met them."""

from __future__ import annotations

from statistics import fmean

from bench.table import Row

OURS = "voicekit"
SDK = "SDK convert_realtime"
SENTENCE_FIRST = ("SDK by sentence", "Pipecat", "LiveKit")

LIMITS = {  # metric: (percentile, at most, unit)
    "added": [(50, 2.5), (95, 8.0)],
    "chunk delivery": [(95, 2.0)],
    "stall beyond the vendor's": [(95, 2.0)],
    "later for the pause": [(50, 15.0)],
    "cancel to both hang-ups": [(95, 5.0)],
    "unexplained by the timeline": [(95, 10.0)],
}
RATIOS = [  # metric, the others, our time over theirs at most
    ("time to first audio", (SDK,), 0.9),
    ("time to first audio", SENTENCE_FIRST, 0.8),
    ("time to first audio, two-word opener", (SDK,), 0.6),
]
LEAST_WORDS = 2
LEAST_REPLIES = 12
"""Replies under which their mean says more about the sample than about the variants."""


def verdicts(rows: list[Row]) -> list[str]:
    """A line for each goal that these rows can judge."""
    found = {(row.variant, row.metric): row for row in rows}
    lines = []
    for (variant, metric), row in found.items():
        if variant != OURS:
            continue
        for percent, limit in LIMITS.get(metric.partition(",")[0], ()):
            value = row.percentile(percent)
            wanted = f"p{percent} {value:.2f} ms, at most {limit:g}"
            lines.append(_line(value <= limit, metric, wanted))
        if metric == "first fragment":
            least = min(row.samples)
            wanted = f"never under {LEAST_WORDS} words; the shortest has {least:g}"
            lines.append(_line(least >= LEAST_WORDS, metric, wanted))
    for metric, others, limit in RATIOS:
        for other in others:
            ours, theirs = found.get((OURS, metric)), found.get((other, metric))
            if ours and theirs and len(ours.samples) >= LEAST_REPLIES:
                ratio = fmean(ours.samples) / fmean(theirs.samples)
                median = ours.percentile(50) / theirs.percentile(50)
                wanted = f"mean {ratio:.2f} of {other}'s (p50 {median:.2f}), at most {limit:g}"
                lines.append(_line(ratio <= limit, metric, wanted))
    return lines


def _line(met: bool, metric: str, wanted: str) -> str:
    return f"{'pass' if met else 'FAIL'}  {metric}: {wanted}"
