"""What `bench pipeline` counts, on callers whose frames are written down by hand."""

from __future__ import annotations

import pytest

from bench.pipeline_curve import Point, drawing, points_of, share, table
from bench.pipeline_sound import Part, Recording
from bench.pipeline_turns import Outcome, ends, outcome
from voicekit.turns import FRAME, Activity, Eagerness

PATIENT = Eagerness(finished=0.3, open=0.3, unfinished=1.5, pause=FRAME)


def caller(*parts: tuple[str, float, float]) -> tuple[Recording, list[Activity]]:
    """Somebody who says these texts from one second to another."""
    placed = tuple(Part(*part) for part in parts)
    frames = [
        Activity(n * FRAME, likely, -20.0 if likely > 0.5 else -70.0)
        for n in range(round((placed[-1].end + 2.5) / FRAME))
        for likely in [0.9 if any(p.start <= n * FRAME < p.end for p in placed) else 0.0]
    ]
    return Recording(b"", placed, "searching", "nobody"), frames


def answer(recording: Recording, frames: list[Activity], reply: float = 0.4, **how) -> Outcome:
    decided, _ = ends(recording, frames, PATIENT, **{"asr": 0.05, "speculative": True, **how})
    return outcome(recording, decided, lambda: reply)


def test_words_that_go_on_are_not_cut_off_and_silence_alone_cuts_them() -> None:
    said = caller(("my order number is", 0.32, 1.28), ("four two one seven", 2.24, 3.2))
    assert not answer(*said).cut_off
    assert answer(*said, asr=None).cut_off


def test_an_answer_is_heard_when_the_turn_is_over_and_not_before_it_is_made() -> None:
    said = caller(("where is my parcel", 0.32, 1.28))
    assert answer(*said, reply=0.1).delay == pytest.approx(0.3, abs=FRAME)
    assert answer(*said, reply=0.6).delay == pytest.approx(0.65, abs=FRAME)
    assert answer(*said, reply=0.6, speculative=False).delay == pytest.approx(0.9, abs=FRAME)


def test_an_answer_that_nobody_has_heard_is_taken_back() -> None:
    said = caller(("where is my parcel", 0.32, 1.28), ("the big one I ordered", 1.76, 2.72))
    assert answer(*said, reply=0.1).cut_off
    assert not answer(*said, reply=0.8).cut_off


def test_a_curve_survives_being_rows_and_is_drawn() -> None:
    point = Point("words", 0.4, {"all": [True, False]}, {"advertised": [0.5, 0.25]}, [1, 2])
    (again,) = points_of(point.rows())
    assert again == point
    assert share(point.cut["all"]) == 50
    assert "50.0" in table([point])
    assert drawing([point], "all", "advertised").count("<circle") == 2
