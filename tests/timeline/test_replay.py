"""Every expected figure here is computed by hand, in the comment above it."""

import re
from collections import namedtuple

import pytest

from voicekit.timeline.budget import Budget
from voicekit.timeline.marks import Timeline
from voicekit.timeline.replay import replay, simulate

Fragment = namedtuple("Fragment", "spoken")

# Tokens 0 … 7; the clause ends with token 1, the sentence with token 4.
REPLY = ["Of", " course,", " we", " can", " help.", " It", " takes", " minutes."]


class Cutter:
    """Cuts at a comma if clauses are wanted and the player is hungry, and after a sentence."""

    def __init__(self, marks):
        self.marks = marks
        self.text = ""

    def feed(self, token, *, hungry):
        self.text += token
        return self.finish() if self.text[-1] in (self.marks if hungry else ".") else []

    def quiet(self, hungry):  # noqa: ARG002  # the protocol's
        return []

    def finish(self):
        fragments, self.text = [Fragment(self.text)], ""
        return fragments


class Waiting(Cutter):
    """Believes a sentence end only once the LLM has paused."""

    def feed(self, token, *, hungry):  # noqa: ARG002  # the protocol's
        self.text += token
        return []

    def quiet(self, hungry):  # noqa: ARG002  # likewise
        return self.finish() if self.text.endswith(".") else []


def clauses():
    return Cutter(",.")


def sentences():
    return Cutter(".")


def declared(**changes):
    figures = {
        "llm_first_token": 0.15, "tokens_per_second": 50, "tts_first_chunk": 0.075,
        "playout": 0.02, "leading_silence": 0.03, "profile": "advertised", "preparer": clauses,
    }  # fmt: skip
    return simulate(REPLY, **figures | changes)


def ms(timeline):
    return {stage.name: round(1000 * stage.seconds, 6) for stage in timeline.stages()}


def test_a_simulated_turn_has_the_stages_one_can_add_up_in_the_head():
    # Token 1 comes at 150 + 20 = 170; its audio 75 later.
    turn = declared()
    assert ms(turn) == {
        "LLM TTFT": 150,
        "first fragment": 20,
        "TTS TTFB": 75,
        "playout": 20,
        "leading silence": 30,
    }
    assert round(1000 * turn.delay, 6) == 295
    assert str(turn) == "response delay 295 ms (simulated, profile 'advertised')"


def test_the_callers_part_comes_before_the_request():
    turn = declared(endpointing=0.2, asr=0.05)
    assert list(ms(turn).items())[:3] == [("endpointing", 200), ("ASR", 50), ("LLM TTFT", 150)]
    assert round(1000 * turn.delay, 6) == 545
    assert turn.tokens[1] == (pytest.approx(0.42), " course,")


def test_sentences_wait_for_the_sentence():
    # Token 4 at 150 + 80 = 230.
    turn = declared(preparer=sentences, rule="sentence")
    assert ms(turn)["first fragment"] == 80
    # "Of course, we can help." is 23 characters, "It takes minutes." 17, sent at 290.
    assert turn.audio == [
        (pytest.approx(0.305), pytest.approx(23 / 15)),
        (pytest.approx(0.365), pytest.approx(17 / 15)),
    ]
    assert turn.stall == 0.0


def test_the_whole_reply_waits_for_the_last_token_and_is_one_piece():
    # Token 7 at 150 + 140 = 290; without the space between them the sentences are 40 characters.
    turn = declared(preparer=sentences, rule="whole")
    assert ms(turn)["first fragment"] == 140
    assert sum(seconds for _, seconds in turn.audio) == pytest.approx(40 / 15)
    assert {round(at, 6) for at, _ in turn.audio} == {0.365}


def test_a_clause_is_not_cut_while_the_player_has_enough():
    # A slow speaker: "Of course," lasts 10 s, so after it nothing is hungry.
    tokens = ["Of", " course,", *[" well,"] * 5, " yes."]
    times = {"llm_first_token": 0.1, "tokens_per_second": 20, "tts_first_chunk": 0.02}
    turn = simulate(tokens, **times, speaking_rate=1.0, preparer=clauses)
    # Token 1 at 150 is sent, heard at 170; the rest in one, at 100 + 350 = 450.
    assert [round(at, 6) for at, _ in turn.audio] == [0.17, 0.47]


def test_late_fragments_force_stalls():
    # 5 tokens/s: the clause at 100 + 200 = 300, heard from 400 to 400 + 10/15 s = 1067; the
    # sentence ends with token 4 at 900, heard from 1000: no gap. "we can help." lasts 800, until
    # 1867; the last sentence ends with token 7 at 1500: none. At 2 tokens/s: clause at 600, heard
    # 700 to 1367; token 4 at 2100, heard 2200: 833 of silence, until 3000; token 7 at 3600, heard
    # 3700: 700 of silence.
    slow = {"llm_first_token": 0.1, "tts_first_chunk": 0.1, "playout": 0.0}
    assert declared(tokens_per_second=5, **slow).stall == 0.0
    assert declared(tokens_per_second=2, **slow).stall == pytest.approx(0.83333 + 0.7, abs=1e-4)


def test_a_player_that_starts_later_has_a_buffer_against_stalls():
    slow = {"llm_first_token": 0.1, "tts_first_chunk": 0.1, "tokens_per_second": 2}
    # Everything is played 0.5 later: 333 and 700 of silence remain.
    assert declared(**slow, playout=0.5).stall == pytest.approx(0.33333 + 0.7, abs=1e-4)


def test_a_first_sentence_is_believed_at_once_and_a_later_one_after_a_pause():
    # Four sentences, 100 apart, from 100 on; each later one is believed after 30 of quiet.
    reply = ["One.", " Two.", " Three.", " Four."]
    figures = {"llm_first_token": 0.1, "tokens_per_second": 10, "tts_first_chunk": 0.075}

    def sent(**changes):
        turn = simulate(reply, preparer=lambda: Waiting("."), **figures, **changes)
        return round(1000 * turn.marks["first_fragment"], 6), len(turn.audio)

    assert sent() == (100, 4)
    assert sent(quiet=0.2) == (100, 2)  # no pause is that long: the rest comes at the end


def test_all_tokens_at_once_is_a_pace_of_zero():
    turn = declared(tokens_per_second=0)
    assert ms(turn)["first fragment"] == 0
    assert turn.marks["last_token"] == 0.15


def recorded():
    """A turn as a microphone and a player would leave it, on a clock that started long ago."""
    turn = Timeline(clock=lambda: 0.0)
    turn.marks = {
        "speech_end": 100.0, "endpoint": 100.5, "transcript": 100.6, "request": 100.62,
        "first_token": 100.8, "first_fragment": 100.9, "first_byte": 101.0, "playing": 101.05,
        "audible": 101.1, "last_token": 101.0, "cancelled": 103.0,
    }  # fmt: skip
    turn.tokens = [(100.8 + 0.02 * index, token) for index, token in enumerate(REPLY)]
    turn.audio = [(101.0, 0.2), (101.1, 0.2), (101.5, 0.2)]
    return turn


def test_a_replay_without_a_change_is_the_same_turn():
    turn = recorded()
    again = replay(turn)
    assert ms(again) == ms(turn)
    assert again.audio == [(pytest.approx(at - 100), seconds) for at, seconds in turn.audio]
    assert again.stall == pytest.approx(turn.stall)
    assert again.origin == "live, replayed with nothing"
    assert "cancelled" not in again.marks


def test_the_recorded_turn_is_left_alone():
    turn, twin = recorded(), recorded()
    replay(turn, first_chunk=0.4, endpointing=0.2, rule="clause", preparer=clauses)
    assert {**vars(turn), "clock": 0, "epoch": 0} == {**vars(twin), "clock": 0, "epoch": 0}


def test_another_model_moves_the_audio_and_nothing_else():
    again = replay(recorded(), first_chunk=0.4)
    assert ms(again) == ms(recorded()) | {"TTS TTFB": 400}
    assert [round(at, 6) for at, _ in again.audio] == [1.3, 1.4, 1.8]
    assert again.origin == "live, replayed with first_chunk=0.4"


def test_another_endpointing_moves_everything_after_it():
    again = replay(recorded(), endpointing=0.2)
    assert ms(again) == ms(recorded()) | {"endpointing": 200}
    assert again.marks["speech_end"] == 0.0
    assert again.tokens[0] == (pytest.approx(0.5), "Of")


def test_another_region_adds_its_round_trip_to_the_voice():
    assert ms(replay(recorded(), round_trip=0.08))["TTS TTFB"] == 180
    assert ms(replay(recorded(), round_trip=0.08, first_chunk=0.075))["TTS TTFB"] == 155


def test_a_handshake_costs_only_what_the_llm_did_not_hide():
    # Asked at 620, first fragment at 900: 280 are hidden.
    assert ms(replay(recorded(), handshake=0.28)) == ms(recorded())
    cold = replay(recorded(), handshake=0.35)
    assert ms(cold) == ms(recorded()) | {"first fragment": 170}
    # The first chunk is 70 later, the second at its time or then, the third where it was.
    assert [round(at, 6) for at, _ in cold.audio] == [1.07, 1.1, 1.5]


def test_another_chunk_rule_is_told_from_the_tokens():
    # "Of course," is complete with token 1 at 820; 200 after the request at 620.
    clause = replay(recorded(), rule="clause", preparer=clauses)
    assert ms(clause) == ms(recorded()) | {"first fragment": 20}
    # The sentence with token 4 at 880; the whole at the recorded end of the LLM's stream, 1000.
    assert ms(replay(recorded(), rule="sentence", preparer=sentences))["first fragment"] == 80
    assert ms(replay(recorded(), rule="whole", preparer=sentences))["first fragment"] == 200


def test_a_handshake_holds_back_every_fragment_until_the_socket_is_open():
    # Open at 150 + … asked at 0, open at 400: the clause (170), sentence (230) and rest (290) wait.
    turn = declared(handshake=0.4)
    assert ms(turn)["first fragment"] == 250
    assert [round(at, 6) for at, _ in turn.audio] == [0.475, 0.475, 0.475]


def test_several_changes_add_up():
    again = replay(recorded(), endpointing=0.2, first_chunk=0.075, rule="clause", preparer=clauses)
    # 1100 - 300 (endpointing) - 80 (clause) - 25 (model).
    assert round(1000 * again.delay, 6) == 695
    assert Budget(0.7).check(again)
    assert not Budget(0.7).check(recorded())


def test_the_unexplained_stays_unexplained():
    turn = recorded()
    turn.reconcile(1.13)
    again = replay(turn, first_chunk=0.2)
    assert ms(again) == ms(turn) | {"TTS TTFB": 200}
    assert round(1000 * again.delay, 6) == 1230


def test_a_simulated_turn_replayed_is_the_simulated_turn_with_that_figure():
    again = replay(declared(), first_chunk=0.4, rule="clause", preparer=clauses)
    fresh = declared(tts_first_chunk=0.4)
    assert ms(again) == ms(fresh)
    assert again.audio == [(pytest.approx(at), seconds) for at, seconds in fresh.audio]
    assert again.origin == (
        "simulated, profile 'advertised', replayed with first_chunk=0.4, rule=clause"
    )


def test_what_a_turn_lacks_for_a_replay_is_named():
    silent = recorded()
    del silent.marks["audible"], silent.marks["playing"]
    with pytest.raises(ValueError, match="no mark playing, audible"):
        replay(silent)
    text = recorded()
    del text.marks["speech_end"]
    with pytest.raises(ValueError, match="no mark speech_end"):
        replay(text, endpointing=0.2)
    text.tokens = []
    with pytest.raises(ValueError, match="this turn has none"):
        replay(text, rule="clause", preparer=clauses)


@pytest.mark.parametrize("reply", [[], [" ", "\n"]])
def test_a_reply_without_a_word_is_refused(reply):
    figures = {"llm_first_token": 0.1, "tokens_per_second": 50, "tts_first_chunk": 0.1}
    with pytest.raises(ValueError, match=re.compile("tokens, and this turn has none|no token has")):
        simulate(reply, **figures, preparer=clauses)


def test_the_rules_are_those_of_the_text_module():
    pytest.importorskip("voicekit.text.preparer")
    figures = {"llm_first_token": 0.15, "tokens_per_second": 50, "tts_first_chunk": 0.075}
    first = {
        rule: simulate(REPLY, **figures, rule=rule).marks["first_fragment"]
        for rule in ("clause", "sentence", "whole")
    }
    # Not before their last token; a rule may wait for the next token to be sure.
    assert 0.17 <= round(first["clause"], 6) <= 0.19
    assert 0.23 <= round(first["sentence"], 6) <= 0.25
    assert round(first["whole"], 6) == 0.29
