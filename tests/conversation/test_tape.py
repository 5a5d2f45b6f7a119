import itertools

import numpy as np
import pytest
from fake_agent import tone

from voicekit.conversation import tape as tape_module
from voicekit.conversation.tape import AUDIBLE, Span, Tape

RATE = 16_000


def test_sound_lies_where_it_was_put_and_gaps_are_no_part_of_the_clip():
    tape = Tape(RATE, keep=10)
    tape.write(0, tone(0.5))
    tape.write(RATE, tone(0.25))
    assert tape.end == RATE + RATE // 4
    assert tape.clip(tape.end).seconds == 0.75
    assert tape.samples(RATE) == RATE // 2
    assert [round(s.start, 2) for s in tape.spans(tape.end, pause=0.3)] == [0.0, 1.0]
    assert len(tape.spans(tape.end, pause=0.6)) == 1


def test_what_comes_too_soon_follows_what_is_there():
    tape = Tape(RATE, keep=10)
    tape.write(0, tone(1.0))
    tape.write(100, tone(1.0))
    assert tape.end == 2 * RATE


def test_a_cut_takes_the_rest_off_even_across_pieces():
    tape = Tape(RATE, keep=10)
    for _ in range(4):
        tape.write(0, tone(0.5))
    tape.cut(RATE * 3 // 4)
    assert tape.end == RATE * 3 // 4
    assert tape.clip(tape.end).pcm == (tone(0.5) + tone(0.5))[: RATE * 3 // 2]
    tape.cut(0)
    assert tape.clip(RATE).pcm == b""


def test_a_cut_in_a_gap_leaves_no_sound_behind_it():
    tape = Tape(RATE, keep=10)
    tape.write(0, tone(0.5))
    tape.write(2 * RATE, tone(0.5))
    tape.cut(RATE)
    assert tape.samples(10 * RATE) == RATE // 2


def test_only_the_last_seconds_are_kept_and_the_rest_is_counted():
    tape = Tape(RATE, keep=1.0)
    for _ in range(5):
        tape.write(0, tone(0.5))
    assert tape.clip(tape.end).seconds == 1.0
    assert tape.forgotten == RATE * 3 // 2
    assert tape.samples(tape.end) == RATE * 5 // 2


def test_a_click_is_no_speech():
    tape = Tape(RATE, keep=10)
    tape.write(0, tone(0.01))
    tape.write(RATE, tone(0.1))
    (span,) = tape.spans(tape.end, pause=0.3)
    assert 1.0 <= span.start < span.end < 1.1


def test_an_empty_tape_has_no_spans():
    assert Tape(RATE, 1).spans(RATE, pause=0.3) == []


def all_at_once(tape, until, pause):
    """The stretches by the definition: every sample that is kept, looked at together."""
    loud = 32768 * 10 ** (AUDIBLE / 20)
    at = np.concatenate(
        [
            start + np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(int)) >= loud)
            for start, pcm in tape._pieces
        ]
        or [np.empty(0, int)]
    )
    groups = np.split(at[at < until], np.flatnonzero(np.diff(at[at < until]) > pause * RATE) + 1)
    return [
        Span(float(group[0]) / RATE, float(group[-1]) / RATE)
        for group in groups
        if group.size and group[-1] - group[0] >= 0.03 * RATE
    ]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_found_piece_by_piece_is_what_is_found_at_once(seed):
    random = np.random.default_rng(seed)
    tape = Tape(RATE, keep=1000)
    for _ in range(60):
        if random.random() < 0.15:
            tape.cut(max(0, tape.end - int(random.integers(0, RATE))))
        else:
            seconds = random.uniform(0.0, 0.4)
            pcm = tone(seconds, level=int(random.choice([0, 50, 8000])))
            tape.write(tape.end + int(random.choice([0, 0, 3000, 12000])), pcm)
        if random.random() < 0.3:
            until = int(tape.end - random.integers(-1000, 2 * RATE))
            for pause in (0.1, 0.5):
                assert tape.spans(until, pause) == all_at_once(tape, until, pause)
    assert tape.spans(tape.end, 0.3) == all_at_once(tape, tape.end, 0.3)


def test_what_is_forgotten_is_no_stretch_any_more():
    tape = Tape(RATE, keep=1.0)
    for second in range(5):
        tape.write(second * RATE, tone(0.5))
        tape.spans(tape.end, pause=0.1)
    assert [round(span.start) for span in tape.spans(tape.end, pause=0.1)] == [3, 4]


def test_asking_costs_as_much_after_ten_minutes_as_after_one(monkeypatch):
    looked = []

    def count(samples, loud, real=tape_module._audible):
        looked.append(samples.size)
        return real(samples, loud)

    monkeypatch.setattr(tape_module, "_audible", count)
    tape, costs = Tape(RATE, keep=600), {}
    word, silence = tone(0.3), bytes(2 * (RATE // 5))
    for second in range(601):
        tape.write(tape.end, word + silence)
        tape.write(tape.end, word + silence)
        looked.clear()
        spans = [*itertools.islice(tape.newest(tape.end - RATE // 10, pause=0.1), 20)]
        costs[second] = (sum(looked), len(spans))
    assert costs[600] == costs[60]
    assert costs[600][0] <= 2 * RATE
