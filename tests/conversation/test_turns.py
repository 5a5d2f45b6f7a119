import pytest

from voicekit import Timeline
from voicekit.conversation.tape import Span, turns


def delays(caller, agent):
    found = turns(caller[::-1], agent[::-1], lambda: Timeline(lambda: 0.0))
    return [round(turn.delay, 6) if turn.answered else None for turn in found]


def test_each_answer_belongs_to_the_speech_before_it():
    caller = [Span(1, 2), Span(6, 7)]
    agent = [Span(0, 0.5), Span(2.4, 5), Span(7.3, 9)]
    assert delays(caller, agent) == [0.4, 0.3]


def test_what_the_agent_goes_on_to_say_is_no_answer():
    assert delays([Span(1, 2)], [Span(0, 3)]) == [None]
    assert delays([Span(1, 2)], [Span(0, 1.2), Span(2.5, 3)]) == [0.5]


def test_a_second_sentence_of_the_caller_leaves_the_first_without_an_answer():
    assert delays([Span(1, 2), Span(3, 4)], [Span(4.5, 6)]) == [None, 0.5]


def test_marks_are_times_of_the_timelines_clock():
    (turn,) = turns([Span(101, 102)], [Span(103, 104)], lambda: Timeline(lambda: 0.0))
    assert turn.marks == pytest.approx({"speech_end": 102.0, "audible": 103.0})


def test_no_more_turns_are_made_than_are_asked_for():
    caller, agent = [Span(5, 6), Span(3, 4), Span(1, 2)], [Span(6.5, 7), Span(4.5, 4.8)]
    made = turns(caller, agent, lambda: Timeline(lambda: 0.0), last=2)
    assert [turn.marks["speech_end"] for turn in made] == [4, 6]
    assert turns([], agent, lambda: Timeline(lambda: 0.0)) == []
