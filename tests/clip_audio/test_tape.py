from fake_agent import tone

from voicekit.clip_audio.tape import Tape

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
