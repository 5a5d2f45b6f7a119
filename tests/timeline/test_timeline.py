import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicekit.timeline.marks import LATER_MARKS, STAGE_ENDING_AT, STAGES, Stage, Timeline

WHOLE = {
    "speech_end": 10.0,
    "endpoint": 10.2,
    "transcript": 10.25,
    "request": 10.26,
    "first_token": 10.41,
    "first_fragment": 10.5,
    "first_byte": 10.575,
    "playing": 10.6,
    "audible": 10.62,
}


def turn(marks, profile="advertised"):
    timeline = Timeline(clock=lambda: 0.0, profile=profile)
    for name, at in marks.items():
        timeline.mark(name, at)
    return timeline


def names(timeline):
    return [stage.name for stage in timeline.stages()]


def test_marks_read_the_clock_that_was_given():
    now = iter([0.0, 3.5, 4.0])
    timeline = Timeline(clock=lambda: next(now))
    assert timeline.mark("request") == 3.5
    assert timeline.marks == {"request": 3.5}


def test_the_first_mark_of_a_name_wins():
    timeline = Timeline(clock=lambda: 0.0)
    assert timeline.mark("first_byte", 1.0) == 1.0
    assert timeline.mark("first_byte", 2.0) == 1.0
    assert timeline.marks["first_byte"] == 1.0


def test_an_unknown_mark_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no mark 'first_bite'\. Known: .*first_byte.*cancelled"):
        Timeline().mark("first_bite")


def test_every_stage_of_a_spoken_turn_has_its_name_start_and_duration():
    stages = turn(WHOLE).stages()
    assert [stage.name for stage in stages] == list(STAGES[:-1])
    assert [round(1000 * stage.start) for stage in stages] == [0, 200, 250, 260, 410, 500, 575, 600]
    assert [round(1000 * stage.seconds) for stage in stages] == [200, 50, 10, 150, 90, 75, 25, 20]


def test_a_turn_without_speech_starts_at_the_request():
    timeline = turn({name: WHOLE[name] for name in list(WHOLE)[3:]})
    assert timeline.start == 10.26
    assert names(timeline)[0] == "LLM TTFT"
    assert timeline.delay == pytest.approx(0.36)


def test_a_missing_mark_gives_its_time_to_the_next_stage():
    marks = {name: at for name, at in WHOLE.items() if name != "first_token"}
    assert turn(marks).stages()[3] == Stage(
        "first fragment", pytest.approx(0.26), pytest.approx(0.24)
    )


def test_no_hand_over_is_shown_when_there_was_none():
    assert "hand-over" not in names(turn(WHOLE | {"request": WHOLE["transcript"]}))


def test_what_overlaps_takes_only_the_time_it_was_waited_for():
    early = turn(WHOLE | {"request": 10.1})  # the LLM was asked while the caller's silence lasted
    assert "hand-over" not in names(early)
    assert early.stages()[2] == Stage("LLM TTFT", pytest.approx(0.25), pytest.approx(0.16))
    assert sum(stage.seconds for stage in early.stages()) == pytest.approx(early.delay)


def test_later_marks_are_no_stages():
    later = turn(WHOLE | dict.fromkeys(LATER_MARKS, 20.0))
    assert later.stages() == turn(WHOLE).stages()


def test_the_remainder_to_the_rendered_audio_is_a_stage_of_its_own():
    timeline = turn(WHOLE)
    timeline.reconcile(0.65)
    assert timeline.delay == 0.65
    assert timeline.stages()[-1] == Stage("unexplained", pytest.approx(0.62), pytest.approx(0.03))


def test_a_negative_remainder_is_shown_too():
    timeline = turn(WHOLE)
    timeline.reconcile(0.6)
    assert timeline.stages()[-1] == Stage("unexplained", pytest.approx(0.62), pytest.approx(-0.02))


def test_a_remainder_of_nothing_is_shown_once_it_was_looked_for():
    timeline = turn(WHOLE)
    assert names(timeline)[-1] == "leading silence"
    timeline.reconcile(timeline.delay)
    assert timeline.stages()[-1].name == "unexplained"
    assert timeline.stages()[-1].seconds == pytest.approx(0.0)


def test_marks_that_contradict_each_other_leave_an_unexplained_stage():
    assert turn(WHOLE | {"audible": 10.59}).stages()[-1] == Stage(
        "unexplained", pytest.approx(0.6), pytest.approx(-0.01)
    )


@given(
    st.dictionaries(st.sampled_from([*STAGE_ENDING_AT]), st.floats(-1e3, 1e3), min_size=1),
    st.none() | st.floats(0, 10),
)
def test_the_stages_always_add_up_to_the_delay(marks, heard):
    timeline = turn(marks)
    if heard is not None:
        timeline.reconcile(heard)
    stages = timeline.stages()
    assert all(stage.seconds >= 0 for stage in stages if stage.name != "unexplained")
    for before, after in pairwise(stages):
        assert after.start == pytest.approx(before.start + before.seconds, abs=1e-6)
    if timeline.answered:
        assert sum(stage.seconds for stage in stages) == pytest.approx(timeline.delay, abs=1e-6)


def test_a_turn_that_nobody_heard_has_stages_but_no_delay():
    timeline = turn({"request": 1.0, "first_token": 1.312, "cancelled": 1.4}, None)
    assert not timeline.answered
    with pytest.raises(ValueError, match=r'no mark "audible".* request, first_token, cancelled'):
        _ = timeline.delay
    assert repr(timeline) == (
        "<Timeline: nothing audible; stages so far 312 ms (the last was LLM TTFT) (live)>"
    )


def test_an_empty_turn_says_how_to_begin():
    timeline = Timeline()
    assert timeline.stages() == []
    assert str(timeline) == "nothing audible; stages so far 0 ms (live)"
    with pytest.raises(ValueError, match=r'mark\("request"\)'):
        _ = timeline.start


def test_every_figure_names_its_profile():
    assert str(turn(WHOLE)) == "response delay 620 ms (simulated, profile 'advertised')"
    assert str(turn(WHOLE, None)) == "response delay 620 ms (live)"


def test_silence_between_late_chunks_is_a_stall():
    timeline = turn({"playing": 1.0})
    timeline.audio = [(0.9, 0.5), (1.4, 0.2), (2.0, 0.1), (2.5, 1.0)]
    # Played until 1.5, until 1.7, silent until 2.0, until 2.1, silent until 2.5.
    assert timeline.stall == pytest.approx(0.3 + 0.4)


def test_audio_in_time_does_not_stall():
    timeline = turn({"playing": 1.0})
    timeline.audio = [(0.9, 0.5), (1.5, 0.2)]
    assert timeline.stall == 0.0
    assert Timeline().stall == 0.0


def test_the_module_needs_the_standard_library_only():
    code = (
        "import sys; import voicekit.timeline.waterfall, voicekit.timeline.export;"
        "alien = {name.split('.')[0] for name in sys.modules} - {*sys.stdlib_module_names};"
        "print(sorted(name for name in alien if name[:2] != '__'))"
    )
    command = [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, '.'); {code}"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout == "['voicekit']\n"
