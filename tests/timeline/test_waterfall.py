import re

import pytest

from voicekit.timeline.budget import Budget
from voicekit.timeline.marks import Timeline

MARKS = {
    "request": 5.0,
    "first_token": 5.15,
    "first_fragment": 5.25,
    "first_byte": 5.325,
    "playing": 5.345,
    "audible": 5.362,
}


def turn(profile="advertised", **more):
    timeline = Timeline(clock=lambda: 0.0, profile=profile)
    timeline.marks = MARKS | more
    return timeline


def test_bars_begin_where_the_one_above_ends():
    assert str(turn().waterfall()) == (
        "stage            starts at   takes  bar\n"
        "LLM TTFT              0 ms  150 ms  █████████████▌\n"
        "first fragment      150 ms  100 ms               ▐████████\n"
        "TTS TTFB            250 ms   75 ms                        ██████▌\n"
        "playout             325 ms   20 ms                              ▐█▌\n"
        "leading silence     345 ms   17 ms                                ▐█\n"
        "response delay 362 ms (simulated, profile 'advertised')"
    )


def test_a_budget_sets_the_scale_and_says_what_was_allowed():
    text = str(turn(first_token=5.2).waterfall(Budget(0.7)))
    assert text.splitlines()[0].split("  ")[-2:] == ["over by", "bar, │ at 700 ms"]
    lines = [line.split() for line in text.splitlines()]
    assert lines[1][:9] == ["LLM", "TTFT", "0", "ms", "200", "ms", "150", "ms", "50"]
    assert lines[3][:8] == ["TTS", "TTFB", "250", "ms", "75", "ms", "75", "ms"]
    assert all(line.endswith("│") for line in text.splitlines()[1:-1])
    assert text.splitlines()[-1] == (
        "response delay 362 ms of 700 ms, 338 ms left (simulated, profile 'advertised'); "
        "overspent: LLM TTFT by 50 ms"
    )


def test_a_turn_over_its_budget_shows_the_limit_within_the_bars():
    rows = str(turn().waterfall(Budget(0.2))).splitlines()[1:-1]
    assert re.search("│ *[▐█]", rows[-1])
    assert "200 ms, 162 ms over" in str(turn().waterfall(Budget(0.2)))


def test_the_unexplained_has_a_bar_of_its_own_kind():
    timeline = turn()
    timeline.reconcile(0.4)
    late = str(timeline.waterfall()).splitlines()[-2]
    assert late.split()[:5] == ["unexplained", "362", "ms", "38", "ms"]
    assert set(late.split()[-1]) == {"░"}
    timeline.reconcile(0.32)
    early = str(timeline.waterfall()).splitlines()[-2]
    assert early.split()[:5] == ["unexplained", "362", "ms", "-42", "ms"]
    assert set(early.split()[-1]) == {"░"}


def test_a_stage_too_short_for_a_bar_still_shows():
    row = str(turn(first_byte=5.327, playing=5.328).waterfall()).splitlines()[4]
    assert row.split() == ["playout", "327", "ms", "1", "ms", "▏"]


def test_no_time_has_no_bar():
    row = str(turn(playing=5.325).waterfall()).splitlines()[4]
    assert row.split() == ["playout", "325", "ms", "0", "ms"]


def test_a_barge_in_and_stalls_are_told_under_the_table():
    timeline = turn(profile=None, cancelled=6.24)
    timeline.audio = [(5.345, 0.5), (6.0, 0.2)]
    assert timeline.waterfall().caption == (
        "response delay 362 ms (live); stalls 155 ms later on; cancelled at 1240 ms"
    )


def test_a_turn_that_nobody_heard_shows_how_far_it_came():
    timeline = Timeline(clock=lambda: 0.0)
    assert str(timeline.waterfall(Budget())).endswith("nothing audible; stages so far 0 ms (live)")
    timeline.marks = {"request": 1.0, "first_token": 1.2, "cancelled": 1.3}
    assert str(timeline.waterfall(Budget())).splitlines()[-1] == (
        "nothing audible; stages so far 200 ms (the last was LLM TTFT) (live); cancelled at 300 ms"
    )


@pytest.mark.parametrize("heard", [-1.0, 0.0, 1e-9, 1e6])
def test_any_delay_can_be_drawn(heard):
    timeline = turn()
    timeline.reconcile(heard)
    for budget in (None, Budget()):
        rows = str(timeline.waterfall(budget)).splitlines()[1:-1]
        assert len(rows) == 6


def test_a_row_is_as_narrow_as_a_notebook_at_1024_pixels():
    late = turn(first_fragment=8.25, first_byte=9.325, playing=9.345, audible=9.362)
    for budget in (None, Budget()):
        rows = str(late.waterfall(budget)).splitlines()[:-1]
        assert max(map(len, rows)) <= 76
