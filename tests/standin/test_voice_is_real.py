"""A recogniser, which knows nothing of the engine, writes down what the offline voices say."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ears import hear, word_errors, words

from voicekit.standin.engines.tts import WorkerSynthesiser, voice_names
from voicekit.standin.speech import formats

SENTENCES = Path(__file__).parent.parent.joinpath("support_sentences.txt").read_text().splitlines()
VENDOR_VOICES = tomllib.loads(
    Path(formats.__file__).parents[1].joinpath("data", "voices.toml").read_text()
)["voice"]


@pytest.fixture(scope="module")
def synthesiser() -> Iterator[WorkerSynthesiser]:
    synthesiser = WorkerSynthesiser()
    yield synthesiser
    synthesiser.close()


def spoken(synthesiser: WorkerSynthesiser, text: str, voice: str) -> bytes:
    """PCM16 at 16 kHz."""
    speech = asyncio.run(synthesiser.say(text, voice))
    made = formats.encoder("pcm_16000", speech.rate)
    return made.feed(speech.pcm) + made.finish()


def share_right(said: list[str], heard: list[str]) -> float:
    errors = sum(word_errors(*pair) for pair in zip(said, heard, strict=True))
    return 1 - errors / sum(len(words(sentence)) for sentence in said)


@pytest.mark.parametrize("voice", voice_names())
@pytest.mark.parametrize(
    ("every", "least"), [(5, 0.8), pytest.param(1, 0.95, marks=pytest.mark.extended)]
)
def test_a_recogniser_understands_the_voice(
    synthesiser: WorkerSynthesiser, voice: str, every: int, least: float
) -> None:
    said = SENTENCES[::every]
    heard = [hear(spoken(synthesiser, sentence, voice), SENTENCES) for sentence in said]
    assert share_right(said, heard) >= least


@pytest.mark.extended
def test_the_recogniser_does_not_understand_speech_played_backwards(
    synthesiser: WorkerSynthesiser,
) -> None:
    def backwards(pcm: bytes) -> bytes:
        return np.frombuffer(pcm, "<i2")[::-1].tobytes()

    heard = [
        hear(backwards(spoken(synthesiser, sentence, "baritone")), SENTENCES)
        for sentence in SENTENCES
    ]
    assert share_right(SENTENCES, heard) < 0.3


@pytest.mark.extended
def test_the_recogniser_hears_what_was_said_not_what_was_expected(
    synthesiser: WorkerSynthesiser,
) -> None:
    others = SENTENCES[1:] + SENTENCES[:1]
    heard = [hear(spoken(synthesiser, sentence, "baritone"), SENTENCES) for sentence in others]
    assert share_right(SENTENCES, heard) < 0.3


@pytest.mark.extended
def test_what_is_heard_does_not_depend_on_what_was_heard_before(
    synthesiser: WorkerSynthesiser,
) -> None:
    sounds = [spoken(synthesiser, sentence, "british") for sentence in SENTENCES[:10]]
    forwards = [hear(sound, SENTENCES) for sound in sounds]
    assert [hear(sound, SENTENCES) for sound in reversed(sounds)] == forwards[::-1]


def test_voices_differ_in_pitch(synthesiser: WorkerSynthesiser) -> None:
    order = ["bass", "baritone", "tenor", "alto", "soprano"]
    pitches = [pitch(spoken(synthesiser, SENTENCES[2], voice)) for voice in order]
    assert all(high / low > 1.2 for low, high in pairwise(pitches))


def pitch(pcm16_16k: bytes) -> float:
    """The median, over voiced frames, of the period with the highest autocorrelation, in Hz."""
    samples, found = np.frombuffer(pcm16_16k, "<i2").astype(float), []
    for frame in np.lib.stride_tricks.sliding_window_view(samples, 800)[::400]:
        likeness = np.correlate(frame, frame, "full")[len(frame) - 1 :]
        period = 45 + int(np.argmax(likeness[45:320]))
        if np.mean(frame**2) > 1e6 and likeness[period] > 0.5 * likeness[0]:
            found.append(16000 / period)
    return float(np.median(found))


def test_the_vendors_familiar_voices_all_have_an_offline_voice() -> None:
    assert {voice["offline"] for voice in VENDOR_VOICES} == set(voice_names())
    assert len({voice["id"] for voice in VENDOR_VOICES}) == len(VENDOR_VOICES) == 24
    assert all(len(voice["id"]) == 20 for voice in VENDOR_VOICES)
    assert {voice["gender"] for voice in VENDOR_VOICES} == {"female", "male", "neutral"}
