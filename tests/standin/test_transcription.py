"""Speech to text over HTTP, by the official SDK."""

from __future__ import annotations

import wave
from io import BytesIO

import pytest
from elevenlabs.core import ApiError

from voicekit.audio import Clip

RACHEL = "21m00Tcm4TlvDq8ikWAM"
SENTENCE = "What are your opening hours?"


@pytest.fixture
def eleven(standin):
    from elevenlabs import ElevenLabs

    client = ElevenLabs(base_url=standin.elevenlabs_url, api_key="x")
    yield client
    client._client_wrapper.httpx_client.httpx_client.close()


def spoken(eleven, rate: int) -> Clip:
    chunks = eleven.text_to_speech.convert(
        RACHEL, text=SENTENCE, model_id="eleven_flash_v2_5", output_format=f"pcm_{rate}"
    )
    return Clip.from_chunks(chunks, rate)


@pytest.mark.parametrize("rate", [16000, 22050])
def test_a_wav_file_is_understood(eleven, rate):
    heard = eleven.speech_to_text.convert(
        file=("speech.wav", spoken(eleven, rate).wav(), "audio/wav"), model_id="scribe_v2"
    )
    assert heard.text.lower() == "what are your opening hours"
    assert [word.text for word in heard.words] == ["what", "are", "your", "opening", "hours"]
    assert all(word.start < word.end for word in heard.words)


def test_raw_samples_are_understood_as_the_format_says(eleven):
    heard = eleven.speech_to_text.convert(
        file=spoken(eleven, 16000).pcm, model_id="scribe_v2", file_format="pcm_s16le_16"
    )
    assert heard.text.lower() == "what are your opening hours"


def stereo() -> bytes:
    file = BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(16000)
        wav.writeframes(b"\0" * 4000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"file": b"RIFFxxxx", "model_id": "scribe_v2"}, "16-bit mono WAV"),
        ({"file": stereo(), "model_id": "scribe_v2"}, "16-bit mono WAV"),
        ({"file": b"", "model_id": "whisper"}, "scribe_v2"),
        ({"model_id": "scribe_v2"}, "Send the sound as `file`"),
        (
            {"file": bytes(2 * 16000 * 31), "model_id": "scribe_v2", "file_format": "pcm_s16le_16"},
            "30 s of sound",
        ),
        ({"model_id": "scribe_v2", "language_code": "de"}, "English only"),
        ({"model_id": "scribe_v2", "language_code": "deu"}, "English only"),
        ({"model_id": "scribe_v2", "language_code": "enm"}, "English only"),
        ({"model_id": "scribe_v2", "diarize": True}, "'diarize'"),
        ({"model_id": "scribe_v2", "num_speakers": 2}, "'num_speakers'"),
        ({"model_id": "scribe_v2", "use_multi_channel": True}, "'use_multi_channel'"),
        ({"model_id": "scribe_v2", "timestamps_granularity": "character"}, "granularity"),
        ({"model_id": "scribe_v2", "webhook": True}, "'webhook'"),
        ({"model_id": "scribe_v2", "cloud_storage_url": "https://x.example/a"}, "'cloud_storage"),
    ],
)
def test_what_it_cannot_read_is_refused_with_what_it_can(eleven, fields, said):
    with pytest.raises(ApiError) as refused:
        eleven.speech_to_text.convert(**fields)
    assert refused.value.status_code == 422
    assert said in str(refused.value.body)


@pytest.mark.parametrize("code", ["en", "eng", "EN", "en-US", "en_gb"])
def test_english_may_be_asked_for_in_any_spelling(eleven, code):
    with pytest.raises(ApiError) as refused:
        eleven.speech_to_text.convert(model_id="scribe_v2", language_code=code, diarize=False)
    assert "Send the sound as `file`" in str(refused.value.body)
