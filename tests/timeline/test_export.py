import csv
import io
import sys

import pytest

from voicekit.errors import SetupError
from voicekit.timeline.export import from_json, to_csv, to_json, to_spans
from voicekit.timeline.marks import STAGES, Timeline


def turn(**more):
    timeline = Timeline(clock=lambda: 0.0, profile="advertised")
    timeline.epoch = 1_750_000_000.0
    timeline.marks = {"request": 10.0, "first_token": 10.15, "first_byte": 10.3, **more}
    timeline.tokens = [(10.15, "Grüß"), (10.17, " dich.")]
    timeline.audio = [(10.3, 0.2), (10.6, 0.1)]
    return timeline


def test_json_reads_back_exactly():
    there = turn(audible=10.1 + 0.2)
    there.reconcile(0.1 + 0.2)
    there.replayed = "first_chunk=0.4"
    back = from_json(to_json([there, turn()]))
    assert [vars(timeline) | {"clock": 0} for timeline in back] == [
        vars(timeline) | {"clock": 0} for timeline in (there, turn())
    ]
    assert back[0].stages() == there.stages()
    assert "Grüß" in to_json([there])


@pytest.mark.parametrize("text", ["[]", "{}", '{"format": "voicekit.timeline/99", "turns": []}'])
def test_other_json_is_refused(text):
    with pytest.raises(ValueError, match="to_json"):
        from_json(text)


def test_csv_has_a_row_a_turn_and_a_column_a_stage():
    rows = list(csv.DictReader(io.StringIO(to_csv([turn(audible=10.32), turn()]))))
    assert list(rows[0]) == ["turn", "origin", *STAGES, "response delay", "stall"]
    assert rows[0]["LLM TTFT"] == "0.150000"
    assert rows[0]["TTS TTFB"] == "0.150000"
    assert rows[0]["response delay"] == "0.320000"
    assert rows[0]["stall"] == "0.100000"
    assert rows[0]["ASR"] == ""
    assert (rows[1]["turn"], rows[1]["response delay"]) == ("2", "")
    assert rows[1]["origin"] == "simulated, profile 'advertised'"


@pytest.fixture
def recorded():
    trace = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = trace.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider, exporter.get_finished_spans
    provider.shutdown()


def since(span_time):
    return round((span_time - 1_750_000_010_000_000_000) / 1e6)


def test_a_turn_is_a_span_with_a_child_for_each_stage_at_its_real_time(recorded):
    provider, spans = recorded
    to_spans([turn(audible=10.32, finished=11.0)], provider)
    *children, root = spans()
    assert (root.name, since(root.start_time), since(root.end_time)) == ("turn", 0, 1000)
    assert root.attributes["voicekit.origin"] == "simulated, profile 'advertised'"
    assert root.attributes["voicekit.response_delay"] == pytest.approx(0.32)
    assert [(c.name, since(c.start_time), since(c.end_time)) for c in children] == [
        ("LLM TTFT", 0, 150),
        ("TTS TTFB", 150, 300),
        ("leading silence", 300, 320),
    ]
    assert {child.parent.span_id for child in children} == {root.context.span_id}
    assert [(event.name, since(event.timestamp)) for event in root.events] == [
        ("request", 0),
        ("first_token", 150),
        ("first_byte", 300),
        ("audible", 320),
        ("finished", 1000),
    ]


def test_a_negative_remainder_keeps_its_sign_in_an_attribute(recorded):
    provider, spans = recorded
    early = turn(audible=10.32)
    early.reconcile(0.3)
    to_spans([early], provider)
    unexplained = next(span for span in spans() if span.name == "unexplained")
    assert (since(unexplained.start_time), since(unexplained.end_time)) == (300, 320)
    assert unexplained.attributes["voicekit.seconds"] == pytest.approx(-0.02)


def test_each_turn_is_a_trace_of_its_own_and_silence_has_no_delay(recorded):
    provider, spans = recorded
    to_spans([turn(), turn()], provider)
    roots = [span for span in spans() if span.name == "turn"]
    assert len({root.context.trace_id for root in roots}) == 2
    assert "voicekit.response_delay" not in roots[0].attributes


def test_without_opentelemetry_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SetupError, match=r'pip install "voicekit\[otel\]"'):
        to_spans([turn()])
