"""When fragments go out, in virtual time: while the LLM talks, and while it is silent."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bench.speech_turns import replies, split
from voicekit.text.preparer import Preparer
from voicekit.timeline.release import Release, left_to_play
from voicekit.timeline.replay import simulate

SENTENCE = "Unfortunately your original appointment on Thursday was cancelled yesterday."
TOKENS = ["Unfortunately", " your", " original", " appointment", " on", " Thursday", " was",
          " cancelled", " yesterday", "."]  # fmt: skip


def run(tokens, pace, pause=0.0, latency=0.1):
    """(when, text) of each fragment, and when the player runs dry; the pause is at the end."""
    release, now, audio, sent = Release(Preparer()), 0.0, [], []

    def out(fragments):
        for fragment in fragments:
            sent.append((round(now, 3), fragment.spoken.strip()))
            audio.append((now + latency, len(fragment.spoken) / 15))

    for n, token in enumerate(tokens):
        now = n * pace
        out(release.token(token, left_to_play(audio, now)))
        until = now + (pause if n == len(tokens) - 1 else pace)
        while (wait := release.look_after(left_to_play(audio, now))) and now + wait < until:
            now += wait
            out(release.look(left_to_play(audio, now)))
    waiting = [fragment.source for fragment in release.finish()]
    dry = audio[0][0]
    for at, seconds in audio:
        assert at <= dry + 1e-9, f"silence from {dry} to {at}"
        dry = max(dry, at) + seconds
    return sent, "".join(waiting)


@pytest.mark.parametrize("more", [[], [" I"]], ids=["at its end", "one token later"])
@pytest.mark.parametrize("pace", [0.005, 0.02, 0.067])
def test_what_waits_in_a_pause_goes_out_before_the_player_runs_dry(more, pace):
    sent, waiting = run([*TOKENS, *more], pace, pause=20.0)
    assert " ".join(text for _, text in sent) == SENTENCE
    assert waiting == "".join(more)


def test_a_clause_goes_out_in_a_pause_as_it_would_with_a_token():
    tokens = ["Of", " course", ".", " I", " have", " checked", " your", " order", ",", " and"]
    sent, waiting = run(tokens, 0.02, pause=20.0)
    assert [text for _, text in sent] == ["Of course.", "I have checked your order,"]
    assert waiting == " and"


def test_nothing_is_cut_within_a_number_or_a_word_however_long_the_pause():
    for tokens in (["It", " costs", " exactly", " 12", "."], ["Call", " Dr", "."], ["Un", "for"]):
        sent, waiting = run(["Of", " course", ".", *tokens], 0.02, pause=20.0)
        assert sent == [(0.04, "Of course.")]
        assert waiting == "".join(tokens)


def test_the_first_fragment_waits_30_ms_for_the_rest_of_a_small_word():
    sent, _ = run(TOKENS, 1 / 15)
    at, text = sent[0]
    assert text == "Unfortunately your original appointment"
    assert at == pytest.approx(4 / 15 + 0.03, abs=0.001)  # " on" is token 4


def test_without_a_pause_fragments_are_those_of_the_text_alone():
    whole = Preparer()
    alone = whole.feed(SENTENCE) + whole.finish()
    sent, waiting = run(TOKENS, 1 / 200)
    assert [text for _, text in sent] + [waiting.strip()] == [f.spoken.strip() for f in alone]


def sources(tokens, rate, latency=0.1):
    """What each fragment stands for, when tokens come at an even rate to a player that plays."""
    release, now, audio, cut = Release(Preparer()), 0.0, [], []

    def out(fragments):
        for fragment in fragments:
            cut.append(fragment.source)
            audio.append((now + latency, len(fragment.spoken) / 15))

    for n, token in enumerate(tokens):
        now, following = n / rate, (n + 1) / rate
        out(release.token(token, left_to_play(audio, now)))
        while (wait := release.look_after(left_to_play(audio, now))) and now + wait < following:
            now += wait
            out(release.look(left_to_play(audio, now)))
    out(release.finish())
    return cut


@pytest.mark.parametrize("rate", [10, 15, 33, 50, 200])
def test_a_first_fragment_is_the_same_at_every_rate_and_no_cut_is_in_a_word(rate):
    for reply in replies():
        cut = sources(split(reply), rate)
        assert "".join(cut) == reply
        if len(cut) > 1:
            assert cut[0] == Preparer().feed(reply)[0].source
        for before, after in pairwise(cut):
            parted = before[-1].isspace() or after[0].isspace()
            assert parted or not (before[-1].isalnum() or after[0].isalnum()), (before, after)


def test_the_virtual_voice_releases_as_this_rule_does():
    turn = simulate(
        TOKENS, llm_first_token=0.0, tokens_per_second=15, tts_first_chunk=0.1, speaking_rate=15.0
    )
    sent, _ = run(TOKENS, 1 / 15)
    assert turn.marks["first_fragment"] == pytest.approx(sent[0][0], abs=0.001)
    assert len(turn.audio) >= len(sent)


def test_a_player_has_left_what_came_and_what_is_coming():
    assert left_to_play([], 5.0) == 0.0
    assert left_to_play([(1.0, 2.0)], 0.5) == 2.0
    assert left_to_play([(1.0, 2.0)], 2.5) == pytest.approx(0.5)
    assert left_to_play([(1.0, 2.0), (9.0, 1.0)], 9.5) == pytest.approx(0.5)  # after a stall
