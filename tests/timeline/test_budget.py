import pytest

from voicekit.timeline.budget import Budget
from voicekit.timeline.marks import STAGES, Timeline


def turn(heard=None, **seconds):
    """A turn from the request on, its stages as long as given (milliseconds)."""
    timeline = Timeline(clock=lambda: 0.0, profile="advertised")
    at = 0.0
    timeline.mark("request", at)
    for mark, length in seconds.items():
        at += length / 1000
        timeline.mark(mark, at)
    if heard is not None:
        timeline.reconcile(heard)
    return timeline


USUAL = {"first_token": 150, "first_fragment": 100, "first_byte": 75, "playing": 20, "audible": 17}


def test_the_allowances_add_up_to_the_total_and_cover_every_stage_with_a_cause():
    for budget in (Budget(), Budget(1.4), Budget(0.7, llm_ttft=0.3, playout=0.0)):
        assert sum(budget.allowances.values()) == pytest.approx(budget.total)
        assert tuple(budget.allowances) == STAGES[:-1]


def test_the_default_is_700_ms_and_reads_well():
    assert repr(Budget()) == (
        "<Budget 700 ms: endpointing 200 ms, ASR 50 ms, hand-over 10 ms, LLM TTFT 150 ms, "
        "first fragment 140 ms, TTS TTFB 75 ms, playout 50 ms, leading silence 25 ms>"
    )


def test_other_stages_share_what_a_given_allowance_leaves():
    budget = Budget(0.7, endpointing=0.45)  # half of the 500 ms that the others had
    assert budget.allowances["endpointing"] == 0.45
    assert budget.allowances["LLM TTFT"] == pytest.approx(0.075)


def test_a_stage_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ValueError, match=r"No stage 'llm'\. Stages: endpointing, .*llm_ttft"):
        Budget(0.7, llm=0.1)


def test_allowances_over_the_total_are_refused():
    with pytest.raises(ValueError, match=r"exceed 700 ms by 100 ms"):
        Budget(0.7, llm_ttft=0.5, tts_ttfb=0.3)


def test_a_turn_within_its_budget_says_what_is_left():
    verdict = Budget(0.7).check(turn(**USUAL))
    assert verdict
    assert verdict.ok
    assert verdict.left == pytest.approx(0.338)
    assert verdict.overspent == {}
    assert str(verdict) == (
        "response delay 362 ms of 700 ms, 338 ms left (simulated, profile 'advertised')"
    )


def test_a_turn_over_its_budget_fails_an_assert_with_who_overspent():
    budget = Budget(0.7)
    slow = turn(**USUAL | {"first_token": 450, "first_byte": 175})
    with pytest.raises(AssertionError) as failure:
        assert budget.check(slow), budget.check(slow)
    assert str(failure.value).splitlines()[0] == (
        "response delay 762 ms of 700 ms, 62 ms over (simulated, profile 'advertised'); "
        "overspent: LLM TTFT by 300 ms, TTS TTFB by 100 ms"
    )


def test_a_stage_may_overspend_what_another_saved():
    verdict = Budget(0.7).check(turn(**USUAL | {"first_token": 160}))
    assert verdict.ok
    assert verdict.overspent == {"LLM TTFT": pytest.approx(0.01)}


def test_exactly_the_budget_is_within_it():
    assert Budget(0.7).check(turn(first_token=100, first_fragment=200, audible=400))
    assert not Budget(0.7).check(turn(first_token=701, audible=0))


def test_less_than_what_is_shown_is_not_overspent():
    assert Budget().check(turn(**USUAL | {"first_token": 150.4})).overspent == {}


def test_the_unexplained_has_no_allowance():
    verdict = Budget().check(turn(heard=0.4, **USUAL))
    assert verdict.overspent == {"unexplained": pytest.approx(0.038)}
    assert Budget().check(turn(heard=0.35, **USUAL)).overspent == {}


def test_a_turn_that_nobody_heard_cannot_be_checked():
    with pytest.raises(ValueError, match='no mark "audible"'):
        Budget().check(turn(first_token=100))
