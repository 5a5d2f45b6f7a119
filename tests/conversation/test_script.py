"""When the caller speaks: cue by cue, from what is heard."""

from __future__ import annotations

import pytest

from voicekit.conversation.script import Line, Room, Script


def room(now: float, heard: float = 0.0, quiet: float = 0.0, **given: object) -> Room:
    return Room(now, heard, int(given.get("words", 0)), quiet, bool(given.get("talking", False)))


def test_the_first_line_needs_quiet_alone() -> None:
    script = Script([Line("Hello.", after=0.6)])
    assert script.cue(room(0.5, quiet=0.5)) is None
    assert script.cue(room(0.6, quiet=0.6)) == Line("Hello.", after=0.6)


def test_a_line_waits_for_the_answer_and_its_end() -> None:
    script = Script([Line("One."), Line("Two.")])
    assert script.cue(room(1, quiet=1)) is not None
    assert script.cue(room(2, talking=True)) is None
    assert script.cue(room(4, quiet=2)) is None, "no answer yet"
    assert script.cue(room(5, heard=2.0)) is None, "the answer goes on"
    line = script.cue(room(6, heard=2.5, quiet=0.7))
    assert line == Line("Two.")
    assert script.unanswered == []


def test_the_rest_of_what_was_interrupted_is_no_answer() -> None:
    script = Script([Line("One."), Line("Two.")])
    script.cue(room(1, quiet=1))
    script.cue(room(2, heard=3.0, talking=True))
    assert script.cue(room(3, heard=3.2, quiet=0.8)) is None


@pytest.mark.parametrize(("line", "heard"), [(Line("Stop.", over=1.5), {"heard": 2.6})])
def test_a_barge_in_counts_the_seconds_of_this_answer(line: Line, heard: dict[str, float]) -> None:
    script = Script([Line("Tell me all."), line])
    script.cue(room(1, quiet=1))
    script.cue(room(2, heard=1.0, talking=True))
    assert script.cue(room(4, heard=2.4)) is None
    assert script.cue(room(5, **heard)) == line


def test_a_barge_in_can_count_words() -> None:
    script = Script([Line("Tell me all."), Line("Stop.", over_words=3)])
    script.cue(room(1, quiet=1))
    script.cue(room(2, words=2, talking=True))
    assert script.cue(room(3, heard=1.0, words=4)) is None
    assert script.cue(room(3, heard=1.2, words=5)) is not None


def test_patience_ends_and_the_line_counts_as_unanswered() -> None:
    script = Script([Line("One."), Line("Two.")], patience=5)
    script.cue(room(1, quiet=1))
    script.cue(room(2, talking=True))
    assert script.cue(room(6.9, quiet=4.9)) is None
    assert script.cue(room(7, quiet=5)) == Line("Two.")
    script.cue(room(8, talking=True))
    assert script.cue(room(13, quiet=5)) is None
    assert script.finished
    assert [line.text for line in script.unanswered] == ["One.", "Two."]


def test_it_is_finished_a_while_after_the_last_answer() -> None:
    script = Script([Line("One.")], linger=1.0)
    script.cue(room(1, quiet=1))
    script.cue(room(2, talking=True))
    script.cue(room(4, heard=2.0, quiet=0.9))
    assert not script.finished
    script.cue(room(5, heard=2.0, quiet=1.0))
    assert script.finished
    assert script.cue(room(6, quiet=9)) is None


def test_no_line_is_a_script_that_is_over() -> None:
    script = Script([])
    assert script.cue(room(0)) is None
    assert script.finished
