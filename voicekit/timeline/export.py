"""Timelines for other programs: JSON and back, CSV, and OpenTelemetry spans."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from voicekit.errors import SetupError
from voicekit.timeline.marks import STAGES, Timeline

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

_FORMAT = "voicekit.timeline/1"
_PLAIN = ("profile", "epoch", "marks", "heard", "replayed")


def to_json(turns: Iterable[Timeline]) -> str:
    """Everything about the turns, all times in seconds; `from_json` reads it back exactly."""
    entries = [
        {name: getattr(turn, name) for name in (*_PLAIN, "tokens", "audio")} for turn in turns
    ]
    return json.dumps({"format": _FORMAT, "turns": entries}, ensure_ascii=False, indent=1)


def from_json(text: str) -> list[Timeline]:
    """The turns that `to_json` wrote.

    Raises:
        ValueError: the text is something else, or from a newer voicekit.
    """
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise ValueError(f"This is not {_FORMAT}. Give the text that to_json wrote.")
    turns = []
    for entry in found["turns"]:
        turn = Timeline(profile=entry["profile"])
        for name in _PLAIN:
            setattr(turn, name, entry[name])
        turn.tokens = [(at, token) for at, token in entry["tokens"]]
        turn.audio = [(at, seconds) for at, seconds in entry["audio"]]
        turns.append(turn)
    return turns


def to_csv(turns: Iterable[Timeline]) -> str:
    """One row a turn, one column a stage, in seconds; a stage that did not occur is empty."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["turn", "origin", *STAGES, "response delay", "stall"])
    for number, turn in enumerate(turns, 1):
        took = {stage.name: f"{stage.seconds:.6f}" for stage in turn.stages()}
        delay = f"{turn.delay:.6f}" if turn.answered else ""
        cells = [took.get(name, "") for name in STAGES]
        table.writerow([number, turn.origin, *cells, delay, f"{turn.stall:.6f}"])
    return file.getvalue()


def to_spans(turns: Iterable[Timeline], provider: TracerProvider | None = None) -> None:
    """Send the turns to OpenTelemetry: a span a turn, a child for each stage, at their real times.

    Marks are the turn's events. A negative stage is a span from its end to its start; the
    attribute `voicekit.seconds` has its sign.

    Args:
        turns: timelines, live or simulated; `voicekit.origin` tells which.
        provider: from the OpenTelemetry SDK; None is the one that the process has set.

    Raises:
        SetupError: the OpenTelemetry SDK is not installed.
    """
    try:
        import opentelemetry.sdk.trace  # noqa: F401  # the API alone would drop every span unsaid
        from opentelemetry import trace
    except ImportError as error:
        raise SetupError(
            'OpenTelemetry is missing. Install it: pip install "voicekit[otel]"'
        ) from error
    tracer = trace.get_tracer("voicekit", tracer_provider=provider)
    for turn in turns:
        _turn_span(tracer, turn)


def _turn_span(tracer: Tracer, turn: Timeline) -> None:
    from opentelemetry import trace

    def wall(at: float) -> int:
        return round((turn.epoch + at) * 1e9)

    stages = turn.stages()
    attributes: dict[str, Any] = {"voicekit.origin": turn.origin, "voicekit.stall": turn.stall}
    if turn.answered:
        attributes["voicekit.response_delay"] = turn.delay
    span = tracer.start_span("turn", attributes=attributes, start_time=wall(turn.start))
    for name, at in turn.marks.items():
        span.add_event(name, timestamp=wall(at))
    inside = trace.set_span_in_context(span)
    for name, start, seconds in stages:
        begin, end = sorted((turn.start + start, turn.start + start + seconds))
        child = tracer.start_span(
            name, inside, attributes={"voicekit.seconds": seconds}, start_time=wall(begin)
        )
        child.end(end_time=wall(end))
    ends = [turn.start + stage.start + stage.seconds for stage in stages]
    span.end(end_time=wall(max([*turn.marks.values(), *ends])))
