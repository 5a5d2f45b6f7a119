"""OpenAI's transcription, by the official SDK."""

from __future__ import annotations

import wave
from datetime import date
from io import BytesIO
from typing import Any

import openai
import pytest
from elevenlabs import ElevenLabs

from voicekit.audio import Clip
from voicekit.standin.catalog import openai_models, profiles

RACHEL = "21m00Tcm4TlvDq8ikWAM"
TEXT = "What are your opening hours"
FORMATS = openai_models.transcription()
WHISPER = next(model for model, formats in FORMATS.items() if "srt" in formats)
JSON_ONLY = next(model for model, formats in FORMATS.items() if formats == ["json"])


@pytest.fixture(scope="module")
def recording(_session_standin) -> bytes:
    """A WAV file of a sentence."""
    speech = ElevenLabs(base_url=_session_standin.elevenlabs_url, api_key="k")
    chunks = speech.text_to_speech.convert(RACHEL, text=f"{TEXT}?", output_format="pcm_24000")
    clip = Clip.from_chunks(chunks, 24000)
    speech._client_wrapper.httpx_client.httpx_client.close()
    return clip.wav()


@pytest.fixture
def create(standin, recording):
    standin.state.today = date(2026, 11, 30)  # when all of them live
    with openai.OpenAI(base_url=standin.openai_url, api_key="k", max_retries=0) as client:

        def call(model: str = "gpt-transcribe", **fields: Any) -> Any:
            fields = {"file": ("speech.wav", recording, "audio/wav"), **fields}
            return client.audio.transcriptions.create(model=model, **fields)

        yield call


@pytest.mark.parametrize("model", list(FORMATS))
def test_each_model_gives_the_text_and_what_it_costs(create, model):
    answer = create(model, prompt="A call to a shop.", temperature=0.2, language="en")
    assert answer.text == TEXT
    assert (answer.usage.type, answer.usage.seconds) == ("duration", 2)


def test_a_stream_gives_the_text_in_pieces_and_then_whole(create):
    *deltas, done = create(stream=True)
    assert {event.type for event in deltas} == {"transcript.text.delta"}
    assert len(deltas) == 5
    assert "".join(event.delta for event in deltas) == done.text == TEXT
    assert done.type == "transcript.text.done"


def test_whisper_tells_when_each_word_was_said(create):
    answer = create(
        WHISPER, response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert [word.word for word in answer.words] == TEXT.split()
    assert answer.words[0].start < answer.words[-1].end <= answer.duration
    (segment,) = answer.segments
    assert (segment.text, segment.start) == (TEXT, answer.words[0].start)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("text", f"{TEXT}\n"),
        ("srt", f"1\n00:00:00,000 --> 00:00:01,642\n{TEXT}\n"),
        ("vtt", f"WEBVTT\n\n00:00:00.000 --> 00:00:01.642\n{TEXT}\n"),
    ],
)
def test_whisper_writes_subtitles(create, shape, expected):
    assert create(WHISPER, response_format=shape) == expected


def stereo() -> bytes:
    file = BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(16000)
        wav.writeframes(b"\0" * 4000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("fields", "told", "status"),
    [
        ({"model": "gpt-6-luna"}, WHISPER, 404),
        ({"model": f"{JSON_ONLY}-diarize"}, "cannot transcribe here", 404),
        ({"response_format": "srt"}, "json, text", 400),
        ({"model": JSON_ONLY, "response_format": "text"}, JSON_ONLY, 400),
        ({"timestamp_granularities": ["word"]}, "verbose_json", 400),
        ({"language": "de"}, "English only", 400),
        ({"include": ["logprobs"]}, "include", 400),
        ({"known_speaker_names": ["Ann"]}, "known_speaker_names", 400),
        ({"file": ("a.mp3", b"ID3 music")}, "16-bit mono WAV", 400),
        ({"file": ("a.wav", stereo())}, "16-bit mono WAV", 400),
        ({"file": ("a.wav", Clip(bytes(2 * 8000 * 31), 8000).wav())}, "30 s", 400),
    ],
)
def test_what_cannot_be_done_is_refused_by_its_name(create, fields, told, status):
    with pytest.raises(openai.APIStatusError) as refused:
        create(**fields)
    assert refused.value.status_code == status
    assert told in refused.value.body["message"]


def test_the_text_comes_when_the_profile_has_it_due(standin, create):
    standin.state.profile = profiles.load("advertised")
    create()
    entry = standin.state.journal.entries[-1]
    assert entry["sent_at"][0] - entry["at"] >= 0.15  # never sooner


def test_a_model_that_was_switched_off_is_refused(create, standin):
    standin.state.today = date(2027, 3, 1)
    with pytest.raises(openai.NotFoundError, match="has been deprecated"):
        create(WHISPER)
    assert create().text == TEXT
