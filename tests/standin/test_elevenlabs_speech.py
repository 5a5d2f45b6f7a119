"""Text to speech over HTTP, judged by the official SDK."""

from __future__ import annotations

import asyncio
import base64
import io
import time

import httpx
import numpy as np
import pytest
import soundfile
from elevenlabs import AsyncElevenLabs, ElevenLabs, VoiceSettings
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import UnprocessableEntityError
from waiting import HANG, until
from wire import GEORGE, RACHEL

from voicekit.standin.catalog import profiles
from voicekit.standin.speech import formats
from voicekit.standin.speech.text_to_speech import STREAMED

TEXT = "Hello there."
MODELS = ("eleven_flash_v2_5", "eleven_turbo_v2", "eleven_multilingual_v2", "eleven_v3")
LONG = "Every parcel that we send is insured against loss and damage on its way. " * 30


@pytest.fixture
def client(standin):
    with httpx.Client(trust_env=False, timeout=HANG) as transport:
        yield ElevenLabs(base_url=standin.elevenlabs_url, api_key="any", httpx_client=transport)


@pytest.fixture
def raw(standin):
    base = f"{standin.elevenlabs_url}/v1/text-to-speech/"
    headers = {"xi-api-key": "k", "content-type": "application/json"}
    with httpx.Client(base_url=base, headers=headers, trust_env=False) as transport:
        yield transport


def seconds(audio: bytes, output_format: str) -> float:
    """How long the audio is by the format's own rules, or by a decoder's."""
    family, rate = output_format.split("_")[:2]
    if family == "pcm":
        return len(audio) / 2 / int(rate)
    if family in ("ulaw", "alaw"):
        return len(audio) / int(rate)
    samples, decoded_rate = soundfile.read(io.BytesIO(audio))
    assert decoded_rate == int(rate)
    assert np.abs(samples).max() > 0.05
    return len(samples) / decoded_rate


@pytest.mark.parametrize(
    ("route", "output_format"),
    [("convert", name) for name in formats.KNOWN] + [("stream", name) for name in STREAMED],
)
def test_every_format_of_both_audio_routes_decodes_to_the_same_length(client, route, output_format):
    speak = getattr(client.text_to_speech, route)
    audio = b"".join(speak(RACHEL, text=TEXT, output_format=output_format))
    pcm = b"".join(client.text_to_speech.convert(RACHEL, text=TEXT, output_format="pcm_22050"))
    padding = 0.12 if output_format.startswith("mp3") else 0.001
    assert 0 <= seconds(audio, output_format) - len(pcm) / 44100 + 0.0005 < padding


@pytest.mark.parametrize("output_format", formats.KNOWN)
def test_every_format_of_both_timestamp_routes_carries_the_audio_of_the_audio_routes(
    client, output_format
):
    expected = b"".join(
        client.text_to_speech.convert(RACHEL, text=TEXT, output_format=output_format)
    )
    whole = client.text_to_speech.convert_with_timestamps(
        RACHEL, text=TEXT, output_format=output_format
    )
    assert base64.b64decode(whole.audio_base_64) == expected
    assert "".join(whole.alignment.characters) == TEXT
    if output_format in STREAMED:
        chunks = list(
            client.text_to_speech.stream_with_timestamps(
                RACHEL, text=TEXT, output_format=output_format
            )
        )
        assert b"".join(base64.b64decode(c.audio_base_64) for c in chunks) == expected
        assert chunks[0].alignment == whole.alignment
        assert {chunk.alignment for chunk in chunks[1:]} == {None}


@pytest.mark.parametrize("model_id", MODELS)
@pytest.mark.parametrize(
    "route", ["convert", "stream", "convert_with_timestamps", "stream_with_timestamps"]
)
def test_every_model_family_speaks_on_every_route(client, route, model_id):
    answer = getattr(client.text_to_speech, route)(RACHEL, text=TEXT, model_id=model_id)
    assert answer.audio_base_64 if route == "convert_with_timestamps" else any(answer)


def test_the_default_is_mp3_at_44100_hertz(client):
    audio = b"".join(client.text_to_speech.convert(RACHEL, text=TEXT))
    assert soundfile.info(io.BytesIO(audio)).samplerate == 44100
    assert soundfile.info(io.BytesIO(audio)).format == "MP3"


def test_the_asynchronous_client_hears_the_same(standin, client):
    async def hear() -> bytes:
        async with httpx.AsyncClient(trust_env=False) as transport:
            speaker = AsyncElevenLabs(
                base_url=standin.elevenlabs_url, api_key="any", httpx_client=transport
            )
            parts = speaker.text_to_speech.stream(RACHEL, text=TEXT, output_format="pcm_16000")
            return b"".join([part async for part in parts])

    expected = client.text_to_speech.stream(RACHEL, text=TEXT, output_format="pcm_16000")
    assert asyncio.run(hear()) == b"".join(expected)


def test_ten_at_once_are_not_mixed_up(raw):
    asked = [
        (voice, f"This is message number {n}.") for n in range(5) for voice in (RACHEL, GEORGE)
    ]
    alone = [raw.post(voice, json={"text": text}).content for voice, text in asked]

    async def together() -> list[bytes]:
        async with httpx.AsyncClient(
            base_url=raw.base_url, headers=raw.headers, trust_env=False
        ) as client:
            posts = (client.post(f"{voice}/stream", json={"text": text}) for voice, text in asked)
            return [answer.content for answer in await asyncio.gather(*posts)]

    assert asyncio.run(together()) == alone
    assert len(set(alone)) == 10


def test_the_same_text_gives_the_same_bytes_and_another_voice_gives_others(client):
    def speak(voice: str) -> bytes:
        return b"".join(client.text_to_speech.convert(voice, text=TEXT))

    assert speak(RACHEL) == speak(RACHEL) != speak(GEORGE)


def test_speed_is_followed_and_the_newest_models_ignore_it(client):
    def length(speed: float, model_id: str) -> int:
        return len(
            b"".join(
                client.text_to_speech.convert(
                    RACHEL,
                    text=TEXT,
                    model_id=model_id,
                    output_format="pcm_22050",
                    voice_settings=VoiceSettings(speed=speed),
                )
            )
        )

    flash = [length(speed, "eleven_flash_v2_5") for speed in (0.7, 1.0, 1.2)]
    assert flash[0] > flash[1] > flash[2]
    assert length(0.7, "eleven_v3") == length(1.2, "eleven_v3") == flash[1]


def test_long_text_streams_passage_by_passage_with_times_of_the_whole_request(client):
    chunks = list(
        client.text_to_speech.stream_with_timestamps(RACHEL, text=LONG, output_format="pcm_22050")
    )
    aligned = [chunk.alignment for chunk in chunks if chunk.alignment]
    assert len(aligned) > 5
    assert "".join("".join(alignment.characters) for alignment in aligned) == LONG
    ends = [end for alignment in aligned for end in alignment.character_end_times_seconds]
    assert ends == sorted(ends)
    samples = sum(len(base64.b64decode(chunk.audio_base_64)) // 2 for chunk in chunks)
    assert ends[-1] == pytest.approx(samples / 22050, abs=0.002)
    whole = client.text_to_speech.convert_with_timestamps(
        RACHEL, text=LONG, output_format="pcm_22050"
    )
    assert whole.alignment.character_end_times_seconds[-1] == pytest.approx(ends[-1])


def test_headers_say_what_the_request_cost(raw):
    answer = raw.post(
        f"{RACHEL}?output_format=pcm_16000", json={"text": TEXT, "model_id": "eleven_flash_v2_5"}
    )
    assert answer.headers["content-type"] == "audio/pcm"
    assert answer.headers["request-id"] == "req_000001"
    assert answer.headers["x-trace-id"]
    assert answer.headers["character-cost"] == "6"
    assert answer.headers["current-concurrent-requests"] == "1"
    assert answer.headers["maximum-concurrent-requests"] == "20"


def test_the_first_chunk_and_the_whole_come_when_the_profile_says(standin, raw):
    raw.post(RACHEL, json={"text": TEXT}).read()  # the engine is up
    standin.state.profile = profiles.load("advertised")
    body = {"text": LONG[:90], "model_id": "eleven_turbo_v2_5"}
    start = time.perf_counter()
    with raw.stream("POST", f"{RACHEL}/stream?output_format=pcm_8000", json=body) as answer:
        parts = answer.iter_raw()
        next(parts)
        first = time.perf_counter() - start
        audio = sum(map(len, parts)) / 16000 + 0.2
        last = time.perf_counter() - start
    # Never sooner; that it is no later either is arithmetic: `Pace` in test_elevenlabs_generation.
    assert first >= 0.2
    assert last >= 0.2 + (audio - 0.4) / 8
    start = time.perf_counter()
    raw.post(f"{RACHEL}?output_format=pcm_8000", json=body)
    assert time.perf_counter() - start >= 0.2 + (audio - 0.2) / 8


def test_a_client_that_leaves_ends_the_generation(standin, raw):
    standin.state.profile = profiles.load("advertised")
    with raw.stream("POST", f"{RACHEL}/stream", json={"text": LONG}) as answer:
        chunks = answer.iter_raw()  # held, since httpx hangs up when its iterator is dropped
        next(chunks)
        assert standin.state.generating == 1
    until(lambda: standin.state.generating == 0)
    raw.close()


@pytest.mark.parametrize(
    ("query", "body", "place"),
    [
        ("", {}, ["body", "text"]),
        ("", {"text": 5}, ["body", "text"]),
        ("", {"text": None}, ["body", "text"]),
        ("", {"text": "a", "seed": -1}, ["body", "seed"]),
        ("", {"text": "a", "seed": 2**32}, ["body", "seed"]),
        ("", {"text": "a", "model_id": 7}, ["body", "model_id"]),
        ("", {"text": "a", "voice_settings": "loud"}, ["body", "voice_settings"]),
        ("", {"text": "a", "voice_settings": {"speed": "x"}}, ["body", "voice_settings", "speed"]),
        ("", {"text": "a", "previous_request_ids": list("abcd")}, ["body", "previous_request_ids"]),
        ("", {"text": "a", "apply_text_normalization": "x"}, ["body", "apply_text_normalization"]),
        ("", [], ["body"]),
        ("?output_format=mp3", {"text": "a"}, ["query", "output_format"]),
        ("?output_format=opus_48000_64", {"text": "a"}, ["query", "output_format"]),
        ("?optimize_streaming_latency=9", {"text": "a"}, ["query", "optimize_streaming_latency"]),
    ],
)
def test_what_is_not_valid_is_refused_with_its_place(raw, query, body, place):
    answer = raw.post(f"{RACHEL}{query}", json=body)
    assert answer.status_code == 422
    error = answer.json()["detail"][0]
    assert error["loc"] == place
    assert set(error) == {"loc", "msg", "type"}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"text": "\xff"}', b"[" * 100_000])
def test_what_is_not_json_is_refused(raw, body):
    assert raw.post(RACHEL, content=body).json()["detail"][0]["type"] == "json_invalid"


def test_a_body_over_the_limit_is_refused(raw):
    answer = raw.post(RACHEL, content=b"x" * (1 << 20) + b"x")
    assert answer.status_code == 413
    assert answer.json()["detail"]["status"] == "request_too_large"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"text": " \n"}, 400, "invalid_parameters"),
        ({"text": "a", "model_id": "gpt-6-luna"}, 400, "model_not_found"),
        ({"text": "a", "model_id": "eleven_v4"}, 400, "unsupported_model"),
        ({"text": "a", "model_id": "eleven_monolingual_v1"}, 400, "unsupported_model"),
        ({"text": "a" * 10_001}, 400, "max_character_limit_exceeded"),
        ({"text": "a", "voice_settings": {"stability": 1.1}}, 400, "invalid_voice_settings"),
        ({"text": "a", "voice_settings": {"speed": 0.69}}, 400, "invalid_voice_settings"),
        (
            {"text": "a", "model_id": "eleven_v3", "voice_settings": {"stability": 0.3}},
            400,
            "invalid_voice_settings",
        ),
    ],
)
def test_what_the_vendor_would_not_do_is_refused_by_name(raw, body, status, code):
    answer = raw.post(RACHEL, json=body)
    detail = answer.json()["detail"]
    assert (answer.status_code, detail["status"], detail["code"]) == (status, code, code)
    assert detail["message"]


def test_not_a_number_is_out_of_every_range(raw):
    answer = raw.post(RACHEL, content=b'{"text": "a", "voice_settings": {"style": NaN}}')
    assert answer.json()["detail"]["status"] == "invalid_voice_settings"


def test_streaming_wav_is_refused_with_the_formats_that_stream(raw):
    answer = raw.post(f"{RACHEL}/stream?output_format=wav_16000", json={"text": "a"})
    assert answer.status_code == 422
    assert "pcm_16000" in answer.json()["detail"][0]["msg"]


def test_unknown_fields_are_passed_over(raw):
    answer = raw.post(f"{RACHEL}?colour=red", json={"text": TEXT, "mood": {"a": [1]}})
    assert answer.status_code == 200


def test_no_key_is_a_401_and_strict_keys_accept_the_printed_one_only(standin, raw, client):
    del raw.headers["xi-api-key"]
    assert raw.post(RACHEL, json={"text": "a"}).json()["detail"]["code"] == "missing_api_key"
    standin.state.strict_keys = True
    with pytest.raises(ApiError) as refused:
        next(iter(client.text_to_speech.convert(RACHEL, text="a")))
    assert refused.value.status_code == 401
    assert refused.value.body["detail"]["status"] == "invalid_api_key"
    raw.headers["xi-api-key"] = standin.elevenlabs_key
    assert raw.post(RACHEL, json={"text": "a"}).status_code == 200


def test_an_unknown_voice_is_a_404_and_a_name_is_told_its_id(client):
    with pytest.raises(ApiError) as refused:
        next(iter(client.text_to_speech.stream("rachel", text="a")))
    assert refused.value.status_code == 404
    assert refused.value.body["detail"]["status"] == "voice_not_found"
    assert RACHEL in refused.value.body["detail"]["message"]


def test_a_422_is_the_sdks_own_exception(client):
    with pytest.raises(UnprocessableEntityError) as refused:
        next(iter(client.text_to_speech.convert(RACHEL, text="a", output_format="mp3_1_1")))
    assert refused.value.body["detail"][0]["loc"] == ["query", "output_format"]
