import pytest

from voicekit.timeline.marks import Timeline
from voicekit.timeline.runs import Run, compare


def turn(llm, tts=0.1, profile="advertised", heard=None):
    timeline = Timeline(clock=lambda: 0.0, profile=profile)
    timeline.marks = {"request": 0.0, "first_token": llm, "first_byte": llm + tts}
    timeline.mark("audible", llm + tts)
    if heard is not None:
        timeline.reconcile(heard)
    return timeline


SILENT = Timeline(clock=lambda: 0.0, profile="advertised")
SILENT.mark("request", 0.0)


def test_percentiles_lie_on_the_line_between_two_turns():
    run = Run([turn(0.1), turn(0.2), turn(0.3), turn(0.4)])
    assert run.percentile(50) == pytest.approx(0.35)
    assert run.percentile(95, "LLM TTFT") == pytest.approx(0.385)
    assert Run([turn(0.2)]).percentile(95) == pytest.approx(0.3)


def test_a_run_is_a_table_of_its_stages():
    assert repr(Run([turn(0.1), turn(0.2), turn(0.3, heard=0.41)])) == (
        "stage               p50     p95  turns\n"
        "LLM TTFT         200 ms  290 ms      3\n"
        "TTS TTFB         100 ms  100 ms      3\n"
        "leading silence    0 ms    0 ms      3\n"
        "unexplained       10 ms   10 ms      1\n"
        "response delay   300 ms  399 ms      3\n"
        "3 turns (simulated, profile 'advertised'). "
        "The stages' percentiles do not add up to the delay's."
    )
    assert "<table>" in Run([turn(0.1)])._repr_html_()


def test_turns_that_nobody_heard_are_counted_and_left_out():
    run = Run([turn(0.1), SILENT])
    assert run.seconds["response delay"] == [pytest.approx(0.2)]
    assert "2 turns (simulated, profile 'advertised'), 1 of them without anything" in repr(run)


def test_a_stage_that_did_not_occur_is_named_with_those_that_did():
    with pytest.raises(ValueError, match=r"'ASR'\. It has: LLM TTFT, TTS TTFB, leading silence, r"):
        Run([turn(0.1)]).percentile(50, "ASR")
    with pytest.raises(ValueError, match="It has: nothing audible"):
        Run([SILENT]).percentile(50)


def test_mixed_origins_are_all_told():
    assert "(live; simulated, profile 'advertised')" in repr(Run([turn(0.1, profile=None), SILENT]))


def test_a_run_without_turns_is_an_empty_table():
    assert repr(Run([])).endswith(
        "0 turns (). The stages' percentiles do not add up to the delay's."
    )


def test_runs_side_by_side_have_ratios_to_the_first():
    table = compare(
        {"flash": [turn(0.1, 0.1)], "multilingual": Run([turn(0.1, 0.4, heard=0.52), SILENT])}
    )
    assert str(table) == (
        "stage                 flash    multilingual\n"
        "LLM TTFT p50         100 ms  100 ms (1.00x)\n"
        "TTS TTFB p50         100 ms  400 ms (4.00x)\n"
        "leading silence p50    0 ms            0 ms\n"
        "unexplained p50           -           20 ms\n"
        "response delay p50   200 ms  520 ms (2.60x)\n"
        "response delay p95   200 ms  520 ms (2.60x)\n"
        "In brackets the ratio to the first column. flash: 1 turn (simulated, profile "
        "'advertised'). multilingual: 2 turns (simulated, profile 'advertised'), 1 of them "
        "without anything audible."
    )
