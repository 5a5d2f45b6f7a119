"""The curve of `bench pipeline`: cut-offs against response delay, as a table and as a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from bench.table import Row

CUT, DELAY, BEGUN = "cut off: ", "response delay: ", "answers begun"
REFERENCES = (
    ("LiveKit v1, live, eot-bench", 0.543, 5.0),
    ("LiveKit v1, live, eot-bench", 0.295, 10.0),
)
"""Others' figures: seconds of the turn-end decision alone, and % of false cut-offs."""


@dataclass
class Point:
    """One setting of one strategy.

    Attributes:
        cut: by kind of pause, whether each utterance was cut off.
        delays: by profile, seconds from the caller's last sample to the answer's first.
        begun: answers begun for each utterance.
    """

    strategy: str
    hangover: float
    cut: dict[str, list[bool]] = field(default_factory=dict)
    delays: dict[str, list[float]] = field(default_factory=dict)
    begun: list[float] = field(default_factory=list)

    def rows(self) -> list[Row]:
        """The same as rows of a benchmark."""
        variant = f"{self.strategy} @ {self.hangover}"
        return [
            *(
                Row(variant, CUT + kind, "%", [100.0 * f for f in c])
                for kind, c in self.cut.items()
            ),
            *(Row(variant, DELAY + p, "ms", [1000 * s for s in d]) for p, d in self.delays.items()),
            Row(variant, BEGUN, "", self.begun),
        ]


def points_of(rows: Sequence[Row]) -> list[Point]:
    """The points that rows of a benchmark were made of; other rows are left out."""
    points: dict[str, Point] = {}
    for row in rows:
        strategy, at, hangover = row.variant.partition(" @ ")
        if not at:
            continue
        point = points.setdefault(row.variant, Point(strategy, float(hangover)))
        if row.metric.startswith(CUT):
            point.cut[row.metric.removeprefix(CUT)] = [bool(sample) for sample in row.samples]
        elif row.metric.startswith(DELAY):
            delays = [sample / 1000 for sample in row.samples]
            point.delays[row.metric.removeprefix(DELAY)] = delays
        else:
            point.begun = row.samples
    return list(points.values())


def share(flags: Sequence[bool]) -> float:
    """Per cent of them that are true."""
    return 100 * sum(flags) / len(flags)


def percentile(samples: Sequence[float], percent: float) -> float:
    """The sample below which so many lie (nearest rank)."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def table(points: Sequence[Point]) -> str:
    """Every point on a line: cut-offs by kind of pause, delays by profile."""
    kinds, profiles = list(points[0].cut), list(points[0].delays)
    width = max(len(point.strategy) for point in points)
    head = f"{'what ends a turn':{width}}  silence"
    head += "".join(f"  {kind:>12}" for kind in kinds)
    head += "".join(f"  {profile:>21}" for profile in profiles) + "  answers begun"
    under = f"{'':{width}}        s" + "".join(f"  {'% cut off':>12}" for _ in kinds)
    under += "".join(f"  {'p50 / p95 ms':>21}" for _ in profiles) + "   an utterance"
    lines = [head, under, "-" * len(head)]
    for point in points:
        line = f"{point.strategy:{width}}  {point.hangover:7.2f}"
        line += "".join(f"  {share(point.cut[kind]):12.1f}" for kind in kinds)
        for profile in profiles:
            p50, p95 = (1000 * percentile(point.delays[profile], p) for p in (50, 95))
            line += f"  {p50:12.0f} / {p95:6.0f}"
        lines.append(f"{line}  {sum(point.begun) / len(point.begun):13.2f}")
    return "\n".join(lines)


def drawing(points: Sequence[Point], kind: str, profile: str) -> str:
    """The curve as an SVG: median delay to the right, cut-offs upwards; others' points beside."""
    wide, high, left, top = 640, 360, 60, 20

    def place(seconds: float, percent: float) -> tuple[float, float]:
        return left + seconds / 2.2 * wide, top + high * (1 - percent / 100)

    size = f'width="{left + wide + 20}" height="{top + high + 50}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f'<path d="M{left} {top}V{top + high}H{left + wide}" fill="none" stroke="#555"/>',
    ]
    for tick in range(0, 2001, 500):
        x, y = place(tick / 1000, 0)
        parts.append(f'<text x="{x:.0f}" y="{y + 16:.0f}" text-anchor="middle">{tick} ms</text>')
    for tick in range(0, 101, 20):
        x, y = place(0, tick)
        parts.append(f'<text x="{x - 6:.0f}" y="{y + 4:.0f}" text-anchor="end">{tick} %</text>')
    marks = ("", "6 3", "2 3")
    for number, strategy in enumerate(dict.fromkeys(point.strategy for point in points)):
        line = [
            place(percentile(point.delays[profile], 50), share(point.cut[kind]))
            for point in points
            if point.strategy == strategy
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
        dash = marks[number % len(marks)]
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="#1f5fa8" stroke-dasharray="{dash}"/>'
        )
        x, y = line[len(line) // 2]
        parts.append(f'<text x="{x + 6:.0f}" y="{y - 6:.0f}">{escape(strategy)}</text>')
    for name, seconds, percent in REFERENCES:
        x, y = place(seconds, percent)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#b04a00"/>')
        parts.append(f'<text x="{x + 7:.0f}" y="{y - 5:.0f}">{escape(name)}</text>')
    caption = f"Median response delay ({profile}, simulated) against utterances cut off ({kind})"
    parts.append(f'<text x="{left}" y="{top + high + 40}">{escape(caption)}</text></svg>')
    return "\n".join(parts)
