"""`bench speech`: its replies, its arithmetic on a recorded journal, and one small real run."""

from __future__ import annotations

import json
import tomllib
from importlib import resources

import pytest

from bench import speech_figures, speech_turns, table
from bench.speech_turns import VARIANTS, Turn
from bench.speech_verdict import verdicts
from bench.table import Row

OURS, SDK, HTTP, _, LIVEKIT = VARIANTS
TEXT = "Of course. We are open until six."
HALF_SECOND = 22050  # bytes of PCM16 at 22,050 samples a second


def turn(variant=OURS, text=TEXT, **given) -> Turn:
    """A turn whose tokens came every 20 ms from 100.0 on."""
    arrived = [100.0 + 0.02 * n for n in range(len(speech_turns.split(text)))]
    facts = {
        "request": 99.85,
        "arrived": arrived,
        "chunks": [(100.118, HALF_SECOND), (100.5, HALF_SECOND)],
        "sizes": [],
        "cancelled": None,
        "unexplained": None,
        "end": 101.0,
        **given,
    }
    return Turn(variant, text, 50, **facts)


def entry(path="/elevenlabs/v1/text-to-speech/x/stream-input", **given) -> dict:
    """A journal's entry, of our own socket unless said otherwise."""
    facts = {"path": path, "query": {"auto_mode": "true"}, "received": [], "received_at": []}
    return {**facts, "sent_at": [], **given}


def spoken(*messages: tuple[float, dict], sent=(100.117, 100.49), **given) -> dict:
    times, texts = [at for at, _ in messages], [message for _, message in messages]
    return entry(received=texts, received_at=times, sent_at=list(sent), **given)


def test_the_set_has_a_hundred_different_replies_and_names_their_sources():
    data = resources.files("bench").joinpath("data/replies.toml").read_text("utf-8")
    works = tomllib.loads(data)["work"]
    assert all(work["source"] for work in works)
    found = [
        line for work in works if "Written for" not in work["source"] for line in work["lines"]
    ]
    lines = speech_turns.replies()
    assert (len(lines), len(set(lines))) == (100, 100)
    assert len(found) >= 60
    support = [line for line in lines if line not in found]
    assert sum(speech_figures.opener_words(line) <= 2 for line in support) >= 15


def test_an_opener_ends_at_a_mark_with_white_space_behind_it():
    assert speech_figures.opener_words("Of course. It is on its way.") == 2
    assert speech_figures.opener_words("Version 2.4.1 fixes that. Try it.") == 4


def test_tokens_are_the_text_again():
    for line in speech_turns.replies():
        assert "".join(speech_turns.split(line)) == line
    assert speech_turns.split("Don't pay $1,234.50!") == [
        *("Don", "'t", " pay", " $", "1", ",", "234", ".", "50", "!")
    ]


def test_tokens_come_in_order_after_the_first_and_are_the_same_every_time():
    times = [after for after, _ in speech_turns.schedule(TEXT, 50)]
    assert times == sorted(times)
    assert speech_turns.TTFT <= times[0] < speech_turns.TTFT + 0.01
    assert times[-1] == pytest.approx(speech_turns.TTFT + (len(times) - 1) / 50, abs=0.01)
    assert speech_turns.schedule(TEXT, 50) == speech_turns.schedule(TEXT, 50)


def test_a_pause_moves_what_comes_after_it():
    plain = speech_turns.schedule(TEXT, 50)
    paused = speech_turns.schedule(TEXT, 50, (3, 1.5))
    moved = [late[0] - soon[0] for soon, late in zip(plain, paused, strict=True)]
    assert moved == pytest.approx([0, 0, 0] + [1.5] * (len(plain) - 3))


def test_a_turn_finds_its_own_messages_in_the_journal():
    journal = [
        spoken((99.0, {"text": " "}), (100.043, {"text": "Of course. "})),
        spoken((100.05, {"text": "no auto mode "}), query={}),
        spoken((100.05, {"text": "another socket "}), path="/x/multi-stream-input"),
        spoken((102.0, {"text": "the next turn's "}), sent=[102.1]),
    ]
    found = speech_figures.attach(turn(), journal)
    assert found.received == [(100.043, {"text": "Of course. "})]
    assert found.sent == [100.117, 100.49]


def test_the_empty_end_of_a_body_is_no_audio():
    journal = [spoken(path="/x/stream", query={}, sent=[100.1, 100.2, 100.3])]
    assert speech_figures.attach(turn(HTTP), journal).sent == [100.1, 100.2]


def test_added_is_what_neither_the_llm_nor_the_vendor_took():
    journal = [spoken((100.043, {"text": "Of course. "}))]
    found = speech_figures.attach(turn(), journal)
    assert speech_figures.time_to_first_audio(found) == pytest.approx(0.268)
    assert speech_figures.vendors_own(found) == pytest.approx(0.074)
    # The full stop is the third token, due at 100.040; the audio took 1 ms to the caller.
    assert speech_figures.added(found) == pytest.approx(0.003 + 0.001)


def test_the_sdk_is_spoken_at_fifty_characters_or_at_the_end():
    words = [(100.0 + 0.02 * n, {"text": f"{n:09d} "}) for n in range(7)]
    found = turn(SDK, received=words)
    assert speech_figures.first_generated(found)[0] == pytest.approx(100.08)
    short = turn(SDK, received=[(100.0, {"text": "Yes. "}), (100.1, {"text": ""})])
    assert speech_figures.first_generated(short) == (100.1, "Yes. ")


def test_the_completing_token_includes_the_mark_behind_the_word():
    assert speech_figures.completing_token(turn(), "Of course. ") == 2
    assert speech_figures.completing_token(turn(), "Of course") == 1
    with pytest.raises(ValueError, match="not how"):
        speech_figures.completing_token(turn(text="It is $5."), "It is five dollars")


def test_delivery_counts_from_the_message_that_held_the_last_byte():
    found = turn(sent=[100.117, 100.49])
    assert speech_figures.deliveries(found) == pytest.approx([0.001, 0.01])
    recut = turn(
        LIVEKIT,
        sizes=[30_000, 14_100],
        sent=[100.1, 100.4],
        chunks=[(100.102, 22_050), (100.41, 22_050)],
    )
    assert speech_figures.deliveries(recut) == pytest.approx([0.002, 0.01])


def test_a_stall_is_silence_after_the_first_audio():
    assert speech_figures.stall([(1.0, HALF_SECOND), (1.4, HALF_SECOND)]) == 0
    late = [(1.0, HALF_SECOND), (1.7, HALF_SECOND), (2.1, HALF_SECOND)]
    assert speech_figures.stall(late) == pytest.approx(0.2)
    found = turn(chunks=[(1.0, HALF_SECOND), (1.9, HALF_SECOND)], sent=[1.0, 1.7])
    assert speech_figures.stalls(found) == pytest.approx((0.4, 0.2))


def test_a_cancel_counts_until_the_later_of_both_hang_ups():
    journal = [
        entry("/openai/v1/chat/completions", received=[{}], received_at=[99.9, 100.504]),
        entry(received=[{"text": " "}], received_at=[99.0, 100.502]),
        entry(received=[{"text": " "}], received_at=[100.6]),  # the next spare is still open
    ]
    given_up = turn(cancelled=100.5)
    assert speech_figures.hang_ups(given_up, journal) == pytest.approx(0.004)
    with pytest.raises(ValueError, match="never hung up"):
        speech_figures.hang_ups(given_up, journal[1:])


def rows(**milliseconds: float) -> list[Row]:
    metric = "time to first audio"
    names = {"ours": "voicekit", "sdk": "SDK convert_realtime"}
    return [Row(names[name], metric, "ms", [value] * 12) for name, value in milliseconds.items()]


def test_verdicts_say_pass_or_fail_with_the_figure():
    assert verdicts(rows(ours=80, sdk=100)) == [
        "pass  time to first audio: mean 0.80 of SDK convert_realtime's (p50 0.80), at most 0.9"
    ]
    assert verdicts(rows(ours=95, sdk=100))[0].startswith("FAIL")
    slow = Row("voicekit", "chunk delivery, 15 tok/s", "ms", [1.0] * 18 + [3.0] * 2)
    assert verdicts([slow])[0].startswith("FAIL  chunk delivery, 15 tok/s: p95 3.00 ms")
    assert verdicts([Row("voicekit", "first fragment", "words", [2, 3])])[0].startswith("pass")
    assert verdicts([Row("voicekit", "first fragment", "words", [1, 3])])[0].startswith("FAIL")


def test_an_unknown_variant_is_told_the_known_ones(capsys):
    assert table.main(["speech", "--variants", "nobody"]) == 1
    assert "'nobody' here. Known: voicekit, SDK convert_realtime" in capsys.readouterr().err


@pytest.mark.extended
def test_a_small_real_run(capsys):
    arguments = ["--replies=1", "--pauses=0", "--turns=1", "--rates=200", "--cancels=1"]
    names = "voicekit,SDK convert_realtime"
    assert table.main(["speech", "--json", "--variants", names, *arguments]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["bench"], result["profile"]) == ("speech", "advertised")
    found = {(row["variant"], row["metric"]): row for row in result["rows"]}
    for variant in names.split(","):
        ttfa = found[variant, "time to first audio"]
        assert ttfa["unit"] == "ms"
        assert ttfa["p50"] >= 1000 * (speech_turns.TTFT + 0.075)
        assert found[variant, "vendor's own time, 200 tok/s"]["p50"] >= 74
        assert found[variant, "added, 200 tok/s"]["p50"] > 0
        assert found[variant, "cancel to both hang-ups"]["n"] == 1
    assert found["voicekit", "unexplained by the timeline"]["n"] == 1
    assert found["voicekit", "first fragment"]["unit"] == "words"
