from fake_agent import tone

from voicekit.conversation.playout import Playout

RATE = 16_000


def test_what_comes_at_once_is_heard_at_the_pace_of_time():
    playout = Playout(RATE, keep=60)
    for _ in range(4):
        playout.write(tone(0.5), now=1.0)
    assert [playout.played(t) for t in (0.0, 1.0, 1.25, 2.0, 9.0)] == [0, 0, 4000, 16000, 32000]
    assert playout.end == 3.0


def test_what_comes_late_leaves_a_gap():
    playout = Playout(RATE, keep=60)
    playout.write(tone(0.5), now=0.0)
    playout.write(tone(0.5), now=2.0)
    assert playout.played(1.9) == 8000
    assert [round(span.start) for span in playout.spans(9.0, pause=0.3)] == [0, 2]


def test_an_interruption_cuts_where_the_listener_is():
    playout = Playout(RATE, keep=60)
    playout.write(tone(2.0), now=0.0)
    assert playout.interrupt(0.75) == 1.25
    assert playout.clip(9.0).pcm == tone(2.0)[: 2 * 12_000]
    playout.write(tone(0.5), now=1.0)
    assert playout.played(9.0) == 12_000 + 8_000


def test_an_interruption_of_silence_drops_nothing():
    playout = Playout(RATE, keep=60)
    playout.write(tone(0.5), now=0.0)
    assert playout.interrupt(3.0) == 0.0
    assert playout.played(3.0) == 8000


def test_what_is_not_heard_yet_is_in_no_clip():
    playout = Playout(RATE, keep=60)
    playout.write(tone(2.0), now=0.0)
    assert playout.clip(0.5).seconds == 0.5


def test_a_sample_may_be_split_between_two_chunks():
    playout = Playout(RATE, keep=60)
    playout.write(tone(0.5)[:1001], now=0.0)
    playout.write(tone(0.5)[1001:], now=0.0)
    assert playout.clip(9.0).pcm == tone(0.5)
