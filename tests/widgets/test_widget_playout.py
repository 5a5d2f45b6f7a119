from __future__ import annotations

import pytest

from voicekit.widgets.playout import Playout


def sound(seconds: float, rate: int = 1000, value: int = 1) -> bytes:
    return value.to_bytes(2, "little") * int(seconds * rate)


def sent(playout: Playout, now: float = 0.0) -> list[tuple[int, int, int]]:
    """All blocks that may go now: generation, number, samples."""
    found = []
    while block := playout.take(now):
        found.append((block.gen, block.seq, len(block.pcm) // 2))
    return found


@pytest.fixture
def playout() -> Playout:
    return Playout(1000, lead=0.3, limit=10)


def test_the_browser_gets_the_lead_and_the_rest_waits(playout: Playout) -> None:
    playout.give(sound(5))
    assert sent(playout) == [(0, 0, 100), (0, 1, 100), (0, 2, 100)]
    assert playout.pending == 5000


def test_time_makes_room_without_a_report(playout: Playout) -> None:
    playout.give(sound(5))
    sent(playout)
    playout.report(0, 10, 0, True, now=1.0)
    assert sent(playout, 1.0) == [(0, 3, 100)]
    assert sent(playout, 1.05) == []
    assert sent(playout, 1.25) == [(0, 4, 100), (0, 5, 100)]


def test_small_chunks_are_joined_and_a_rest_goes_as_it_is(playout: Playout) -> None:
    for _ in range(15):
        playout.give(sound(0.01))
    assert sent(playout) == [(0, 0, 100), (0, 1, 50)]


def test_an_interrupt_keeps_what_was_played_and_drops_the_rest(playout: Playout) -> None:
    playout.give(sound(1))
    sent(playout)
    assert playout.interrupt() == 1
    assert playout.pending == 300  # on its way: the browser says what became of it
    playout.give(sound(0.1, value=2))
    assert sent(playout, 5.0) == []
    playout.report(1, 120, 0, False, now=5.0)
    assert (playout.played, playout.pending) == (120, 100)
    assert sent(playout, 5.0) == [(1, 3, 100)]
    playout.report(1, 220, 0, False, now=5.2)
    assert playout.heard() == sound(0.12) + sound(0.1, value=2)
    assert playout.pending == 0


def test_what_the_browser_refused_is_not_heard(playout: Playout) -> None:
    playout.give(sound(0.1) + sound(0.1, value=2) + sound(0.1, value=3))
    sent(playout)
    playout.refuse(1, 2)
    playout.report(0, 200, 0, False, now=1.0)
    assert playout.heard() == sound(0.1) + sound(0.1, value=3)
    assert (playout.dropped, playout.pending) == (100, 0)


def test_a_page_that_was_silent_for_long_goes_on_counting(playout: Playout) -> None:
    playout.give(sound(1))
    sent(playout)
    playout.report(0, 100, 0, True, now=1.0)
    playout.abandon()
    playout.report(0, 300, 0, False, now=9.0)
    assert playout.played == 300


def test_a_page_that_went_is_counted_from_zero_again(playout: Playout) -> None:
    playout.give(sound(1))
    sent(playout)
    playout.report(0, 150, 0, True, now=1.0)
    playout.abandon()
    assert (playout.played, playout.dropped, playout.pending) == (150, 850, 0)
    playout.meet()
    playout.give(sound(0.1))
    sent(playout)
    playout.report(0, 100, 0, False, now=2.0)
    assert playout.played == 250


def test_what_exceeds_the_limit_is_dropped_and_counted(playout: Playout) -> None:
    playout.give(sound(11))
    assert (playout.pending, playout.dropped) == (10000, 1000)


def test_the_lead_grows_when_sound_runs_out_up_to_a_bound(playout: Playout) -> None:
    for underruns in range(1, 9):
        playout.report(0, 0, underruns, True, now=0.0)
    assert playout.underruns == 8
    assert playout.lead == 1.5
    playout.report(0, 0, 1, True, now=0.0)  # a new page counts from the beginning
    assert playout.underruns == 8
    playout.report(0, 0, 2, True, now=0.0)
    assert playout.underruns == 9
