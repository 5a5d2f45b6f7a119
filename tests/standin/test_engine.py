from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import espeakng_loader
import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from waiting import HANG

from voicekit.errors import EngineError
from voicekit.standin.engines import Speech, espeak, worker
from voicekit.standin.engines.alignment import Word, character_edges
from voicekit.standin.engines.tts import WorkerSynthesiser, voice_names

PROGRAM = str(espeak.__file__)


@pytest.fixture(scope="module")
def voice() -> Iterator[WorkerSynthesiser]:
    synthesiser = WorkerSynthesiser()
    yield synthesiser
    synthesiser.close()


@pytest.fixture
def fresh() -> Iterator[WorkerSynthesiser]:
    synthesiser = WorkerSynthesiser()
    yield synthesiser
    synthesiser.close()


def say(
    synthesiser: WorkerSynthesiser, text: str, voice: str = "baritone", speed: float = 1.0
) -> Speech:
    return asyncio.run(synthesiser.say(text, voice, speed))


def seconds(speech: Speech) -> float:
    return len(speech.pcm) / 2 / speech.rate


def assert_every_character_has_its_time(speech: Speech) -> None:
    assert len(speech.starts) == len(speech.ends) == len(speech.text)
    assert speech.starts[0] == 0.0
    assert speech.ends[-1] == pytest.approx(seconds(speech))
    assert speech.ends[:-1] == speech.starts[1:]
    assert list(speech.starts) == sorted(speech.starts)


def loudness(speech: Speech, first: int, last: int) -> float:
    samples = np.frombuffer(speech.pcm, "<i2").astype(float)
    begin, end = (int(at * speech.rate) for at in (speech.starts[first], speech.ends[last]))
    return float(np.sqrt(np.mean(samples[begin:end] ** 2)))


def test_the_same_text_gives_the_same_bytes_in_any_order_and_process(
    voice: WorkerSynthesiser, fresh: WorkerSynthesiser
) -> None:
    texts = ["Hello there.", "Your order is 1234.", "Is there anything else?"]
    asked = [(text, name) for text in texts for name in voice_names()]
    there = {key: say(voice, *key).pcm for key in asked}
    back = {key: say(fresh, *key).pcm for key in reversed(asked)}
    assert back == there


def test_ten_callers_at_once_hear_what_each_would_hear_alone(
    voice: WorkerSynthesiser, fresh: WorkerSynthesiser
) -> None:
    asked = [(f"Caller {n}, you are number {n * 37}.", voice_names()[n % 6]) for n in range(10)]

    async def together() -> list[Speech]:
        return await asyncio.gather(*(fresh.say(*key) for key in asked))

    assert asyncio.run(together()) == [say(voice, *key) for key in asked]


def test_voices_differ(voice: WorkerSynthesiser) -> None:
    assert len({say(voice, "Hello there.", name).pcm for name in voice_names()}) == 6


@pytest.mark.parametrize("name", voice_names())
def test_an_ordinary_sentence_leaves_headroom(voice: WorkerSynthesiser, name: str) -> None:
    samples = np.frombuffer(say(voice, "Oh no! All our orders are over there.", name).pcm, "<i2")
    assert 8000 < np.abs(samples.astype(int)).max() < 31000


@pytest.mark.parametrize(
    "text",
    [
        "Hello there, how are you?",
        "  It costs $12.50, i.e. 1,234.99 in all.  ",
        "don't e-mail bob@example.com (now)",
        "...",
        "a",
        "日本語 and 😀👩‍👩‍👧 emoji",
        "null \0 and \x01 and \x1b[31m control",
        "lone \ud83d surrogate",
        "مرحبا שלום e\u0301\u0301\u0301",
        "[[h@l'oU]] <break time='3s'/> &amp;",
        "word " * 1200,
        "x" * 6000,
    ],
)
def test_every_character_has_its_time(voice: WorkerSynthesiser, text: str) -> None:
    speech = say(voice, text)
    assert speech.text == text
    assert speech.pcm
    assert_every_character_has_its_time(speech)


@hypothesis.given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=60))
@hypothesis.settings(max_examples=80)
def test_no_text_breaks_it(voice: WorkerSynthesiser, text: str) -> None:
    worker = voice.pid
    speech = say(voice, text)
    assert len(speech.starts) == len(speech.ends) == len(text)
    assert worker in (None, voice.pid)


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_nothing_to_say_is_no_sound(voice: WorkerSynthesiser, text: str) -> None:
    assert say(voice, text) == Speech(text, b"", 22050, (0.0,) * len(text), (0.0,) * len(text))


def test_the_pause_after_a_comma_belongs_to_the_comma(voice: WorkerSynthesiser) -> None:
    text = "Hello there, welcome back."
    speech = say(voice, text)
    comma = text.index(",")
    assert loudness(speech, comma, comma + 1) < 0.05 * loudness(speech, 0, comma - 1)
    assert speech.ends[comma + 1] - speech.starts[comma] > 0.1


def test_a_sentence_ends_with_a_pause_and_a_fragment_does_not(voice: WorkerSynthesiser) -> None:
    sentence, fragment = say(voice, "Hello there."), say(voice, "Hello there")
    assert 0.2 < seconds(sentence) - seconds(fragment) < 0.4


def test_speed_changes_the_duration(voice: WorkerSynthesiser) -> None:
    text = "Your order left our warehouse this morning"
    slow, usual, fast = (seconds(say(voice, text, speed=speed)) for speed in (0.7, 1.0, 1.2))
    assert slow / usual == pytest.approx(1 / 0.7, rel=0.1)
    assert fast / usual == pytest.approx(1 / 1.2, rel=0.1)


def test_an_unknown_voice_is_refused_with_the_known_ones(voice: WorkerSynthesiser) -> None:
    with pytest.raises(EngineError, match=r"No offline voice '\.\./x'; there are alto, baritone"):
        say(voice, "Hello.", "../x")


def test_a_killed_process_is_replaced(fresh: WorkerSynthesiser) -> None:
    before = say(fresh, "Hello there.")
    first = fresh.pid
    assert first
    os.kill(first, signal.SIGKILL)
    assert say(fresh, "Hello there.") == before
    assert fresh.pid != first


def test_a_text_that_kills_the_process_is_an_error_and_the_next_text_is_spoken() -> None:
    program = """
        import json, sys
        for line in sys.stdin:
            if "die" in line:
                sys.exit("it hurts")
            print(json.dumps({"bytes": 2, "rate": 22050, "words": []}), end="\\n  ", flush=True)
    """
    synthesiser = WorkerSynthesiser([sys.executable, "-c", textwrap.dedent(program)])
    with pytest.raises(EngineError, match=r"died twice .* \(exit code 1: it hurts\)"):
        say(synthesiser, "die")
    assert say(synthesiser, "live").pcm == b"  "
    synthesiser.close()


@pytest.mark.parametrize("rubbish", ["no JSON", "[]", "{}", '{\\"bytes\\": 9}'])
def test_an_answer_that_makes_no_sense_is_an_error(rubbish: str) -> None:
    program = f'input(); print("{rubbish}")'
    synthesiser = WorkerSynthesiser([sys.executable, "-c", program])
    with pytest.raises(EngineError, match="died twice"):
        say(synthesiser, "Hello.")
    synthesiser.close()


def test_a_program_that_does_not_exist_is_an_error() -> None:
    synthesiser = WorkerSynthesiser(["/nowhere/espeak"])
    with pytest.raises(EngineError, match="did not start"):
        say(synthesiser, "Hello.")
    synthesiser.close()


def test_a_process_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PATIENCE", 0.1)
    synthesiser = WorkerSynthesiser([sys.executable, "-c", "while input(): pass"])
    with pytest.raises(EngineError, match="exit code -9"):
        say(synthesiser, "Hello.")
    synthesiser.close()


def test_a_cancelled_caller_does_not_disturb_the_others(voice: WorkerSynthesiser) -> None:
    async def scene() -> list[Speech | BaseException]:
        callers = [asyncio.create_task(voice.say(f"Number {n}.", "alto")) for n in range(8)]
        await asyncio.sleep(0)
        for impatient in callers[::2]:
            impatient.cancel()
        return await asyncio.gather(*callers, return_exceptions=True)

    heard = asyncio.run(scene())
    assert all(isinstance(speech, asyncio.CancelledError) for speech in heard[::2])
    assert heard[1::2] == [say(voice, f"Number {n}.", "alto") for n in range(1, 8, 2)]


def test_a_closed_synthesiser_says_so(fresh: WorkerSynthesiser) -> None:
    say(fresh, "Hello.")
    fresh.close()
    fresh.close()
    with pytest.raises(EngineError, match="closed"):
        say(fresh, "Hello.")


def test_callers_that_wait_when_it_closes_get_an_error() -> None:
    synthesiser = WorkerSynthesiser()

    async def scene() -> list[Speech | BaseException]:
        callers = [asyncio.create_task(synthesiser.say("x" * 3000, "alto")) for _ in range(3)]
        await asyncio.sleep(0)
        synthesiser.close()
        return await asyncio.gather(*callers, return_exceptions=True)

    assert isinstance(asyncio.run(scene())[-1], EngineError)


def test_without_espeak_the_error_says_what_to_install(
    fresh: WorkerSynthesiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(espeak.LIBRARY_VARIABLE, "/nowhere/libespeak-ng.so")
    with pytest.raises(EngineError, match=r'pip install "voicekit\[offline\]"'):
        say(fresh, "Hello.")


def test_a_library_that_prints_does_no_harm(
    voice: WorkerSynthesiser,
    fresh: WorkerSynthesiser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "espeakng_loader.py").write_text(
        f"import os\ndef get_library_path(): return {espeakng_loader.get_library_path()!r}\n"
        "def get_data_path():\n    os.write(1, b'noise')\n"
        f"    return {espeakng_loader.get_data_path()!r}\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert say(fresh, "Hello there.") == say(voice, "Hello there.")


def test_the_program_ends_with_its_input_and_imports_little() -> None:
    command = [sys.executable, "-P", "-X", "importtime", PROGRAM]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "ctypes" in imported
    assert not imported & {"numpy", "voicekit", "voicekit.standin", "asyncio"}


def test_characters_share_a_word_evenly_and_a_numbers_words_are_one() -> None:
    assert character_edges("ab, c", [Word(0, 0, 100), Word(4, 300, 400)], 400) == [
        0, 50, 100, 200, 300, 400,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        [],
        [Word(9, 10, 20)],
        [Word(2, 50, 60), Word(0, 70, 80)],
        [Word(0, 50, 60), Word(2, 40, 45)],
        [Word(0, 0, 5000)],
        [Word(0, 30, 10), Word(2, 5000, 6000)],
    ],
)
def test_timings_that_contradict_each_other_still_give_an_order(words: list[Word]) -> None:
    edges = character_edges("abc d", words, 400)
    assert edges == sorted(edges)
    assert (len(edges), edges[0], edges[-1]) == (6, 0, 400)
