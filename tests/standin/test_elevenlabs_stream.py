"""`stream-input`, by a bare WebSocket client and by the official SDK."""

from __future__ import annotations

import io
import json
import time
import warnings

import httpx
import pytest
import soundfile
from elevenlabs import ElevenLabs, VoiceSettings
from elevenlabs.core.api_error import ApiError
from waiting import HANG, until
from wire import FLASH, GEORGE, RACHEL, dial, hear, hear_until, say, sound

from voicekit.standin.catalog import profiles
from voicekit.standin.speech.text_to_speech import STREAMED

SENTENCE = "Your parcel left the warehouse this morning, and it is on its way. "
BOTH = SENTENCE + "It should be with you by Friday. "


def rest(standin, text: str, voice: str = RACHEL, output_format: str = "pcm_22050") -> bytes:
    url = f"{standin.elevenlabs_url}/v1/text-to-speech/{voice}?output_format={output_format}"
    with httpx.Client(trust_env=False, headers={"xi-api-key": "k"}) as client:
        return client.post(url, json={"text": text, "model_id": FLASH}).content


@pytest.mark.parametrize("output_format", STREAMED)
@pytest.mark.parametrize("model_id", [FLASH, "eleven_multilingual_v2"])
def test_a_text_in_fragments_sounds_like_its_segments_over_http(standin, output_format, model_id):
    with dial(standin, model_id=model_id, output_format=output_format) as socket:
        say(socket, " ", "Your parcel is ", "on its way. ")
        say(socket, {"text": "", "flush": False})
        heard = hear(socket)
    assert heard.audio == rest(standin, "Your parcel is on its way. ", output_format=output_format)
    assert heard.chars == "Your parcel is on its way. "


def test_segments_follow_each_other_each_with_one_alignment_of_its_own(standin):
    with dial(standin, auto_mode="true") as socket:
        say(socket, " ", SENTENCE, "It should be with you by Friday. ", "")
        heard = hear(socket)
    aligned = [message for message in heard.messages if message.get("alignment")]
    assert ["".join(message["alignment"]["chars"]) for message in aligned] == [
        SENTENCE,
        "It should be with you by Friday. ",
    ]
    for message in aligned:
        alignment = message["alignment"]
        assert alignment == message["normalizedAlignment"]
        assert alignment["charStartTimesMs"][0] == 0
        assert len(alignment["chars"]) == len(alignment["charStartTimesMs"])
        assert len(alignment["chars"]) == len(alignment["charDurationsMs"])
        assert min(alignment["charDurationsMs"]) >= 0
    assert heard.audio == rest(standin, SENTENCE) + rest(
        standin, "It should be with you by Friday. "
    )


def test_the_same_fragments_twice_give_the_same_bytes_and_another_voice_others(standin):
    def speak(voice: str) -> bytes:
        with dial(standin, voice=voice) as socket:
            say(socket, " ", SENTENCE, "")
            return hear(socket).audio

    assert speak(RACHEL) == speak(RACHEL) != speak(GEORGE)


def test_the_end_is_a_final_message_and_close_code_1000(standin):
    with dial(standin) as socket:
        say(socket, " ", "Hi. ", "")
        heard = hear(socket)
    assert heard.last == {"audio": None, "isFinal": True}
    assert [message["isFinal"] for message in heard.messages[:-1]] == [None] * (
        len(heard.messages) - 1
    )
    assert heard.code == 1000


def test_ending_without_text_is_final_at_once(standin):
    with dial(standin) as socket:
        say(socket, " ", "")
        assert hear(socket).messages == [{"audio": None, "isFinal": True}]


def test_sync_alignment_gives_every_message_its_own_characters_from_its_own_start(standin):
    with dial(standin, sync_alignment="true") as socket:
        say(socket, " ", SENTENCE, "")
        heard = hear(socket)
    assert heard.chars == SENTENCE
    spoken = heard.messages[:-1]
    assert all(message["alignment"] for message in spoken)
    for message in spoken[:-1]:
        starts = message["alignment"]["charStartTimesMs"]
        assert all(0 <= start <= 200 for start in starts)


def test_frames_stay_below_64_kilobytes(standin):
    with dial(standin, output_format="pcm_48000") as socket:
        say(socket, " ", SENTENCE, "")
        assert max(len(json.dumps(message)) for message in hear(socket).messages) < 65536


def test_flush_speaks_at_once_and_keeps_the_socket_open(standin):
    with dial(standin) as socket:
        say(socket, " ", {"text": "Hi. ", "flush": True})
        assert hear_until(socket, "alignment").chars == "Hi. "
        say(socket, {"text": "Bye. "}, {"flush": True}, "")
        heard = hear(socket)
    assert heard.chars == "Bye. "
    assert heard.code == 1000


def test_nothing_is_spoken_below_the_schedule_and_the_sdks_own_starts_at_fifty(standin):
    start = {"text": " ", "generation_config": {"chunk_length_schedule": [50]}}
    with dial(standin) as socket:
        say(socket, start, {"text": "a word " * 7, "try_trigger_generation": True})
        with pytest.raises(TimeoutError):
            socket.recv(0.15)
        say(socket, {"text": "and one ", "try_trigger_generation": True})
        assert hear_until(socket, "alignment").chars == "a word " * 7 + "and one "


def test_text_is_taken_while_a_generation_is_under_way(standin):
    standin.state.profile = profiles.load("advertised")
    with dial(standin, auto_mode="true") as socket:
        say(socket, " ", SENTENCE)
        socket.recv(HANG)
        for _ in range(20):
            say(socket, "Yes. ")
        say(socket, "")
        assert standin.state.generating == 1  # the sentence's is still being sent
        assert hear(socket).chars == "Yes. " * 20


def test_a_generation_is_paced_from_the_moment_its_text_came(standin):
    with dial(standin) as socket:
        say(socket, " ", "Warm up. ", "")
        hear(socket)
    standin.state.profile = profiles.load("advertised")
    with dial(standin, auto_mode="true") as socket:
        say(socket, " ")
        start = time.perf_counter()
        say(socket, SENTENCE)
        first = sound(json.loads(socket.recv(HANG)))
        assert time.perf_counter() - start >= 0.075
        say(socket, "")
        rest_of_it = hear(socket).audio
        took = time.perf_counter() - start
    length = (len(first) + len(rest_of_it)) / 44100
    assert took >= 0.075 + (length - 0.4) / 8


def test_silence_for_too_long_is_an_error_and_spaces_keep_the_socket_open(standin):
    with dial(standin, inactivity_timeout=1) as socket:
        say(socket, " ")
        with pytest.raises(TimeoutError):
            socket.recv(0.7)
        say(socket, " ")
        start = time.monotonic()
        heard = hear(socket)
        assert time.monotonic() - start > 0.9
    assert heard.last["error"] == "input_timeout_exceeded"
    assert heard.last["code"] == heard.code == 1008
    assert "within the timeout of 1.0 seconds" in heard.last["message"]


def test_settings_may_be_repeated_but_not_changed(standin):
    settings = {"stability": 0.4, "speed": 1.1}
    with dial(standin) as socket:
        say(socket, {"text": " ", "voice_settings": settings})
        say(socket, {"text": "a ", "voice_settings": settings})
        say(socket, {"text": "b ", "voice_settings": {}}, {"text": "c ", "voice_settings": None})
        say(socket, {"text": "d ", "voice_settings": {**settings, "stability": 0.5}})
        heard = hear(socket)
    assert heard.last["code"] == heard.code == 1008
    assert heard.last["message"].startswith("voice_settings field must be provided in the first")


def test_speed_is_followed(standin):
    def length(speed: float) -> int:
        with dial(standin) as socket:
            say(socket, {"text": " ", "voice_settings": {"speed": speed}}, SENTENCE, "")
            return len(hear(socket).audio)

    assert length(0.7) > length(1.0) > length(1.2)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("{", "unprocessable_entity"),
        ("5", "unprocessable_entity"),
        ("[]", "unprocessable_entity"),
        ('"text"', "unprocessable_entity"),
        ('{"text": 5}', "unprocessable_entity"),
        ('{"text": "\\ud800"}', "unprocessable_entity"),
        ('{"text": "a", "flush": {}}', "unprocessable_entity"),
        ('{"text": "a", "voice_settings": []}', "unprocessable_entity"),
        (
            '{"text": " ", "generation_config": {"chunk_length_schedule": [49]}}',
            "unprocessable_entity",
        ),
        (
            '{"text": " ", "generation_config": {"chunk_length_schedule": [501]}}',
            "unprocessable_entity",
        ),
        (
            '{"text": " ", "generation_config": {"chunk_length_schedule": []}}',
            "unprocessable_entity",
        ),
        ("[" * 50_000, "unprocessable_entity"),
        ("{}", "invalid_message"),
        ('{"txet": "a"}', "invalid_message"),
        (b"\x00\x01", "invalid_message"),
        ('{"text": " ", "voice_settings": {"speed": 3}}', "invalid_voice_settings"),
        (json.dumps({"text": "a" * 40_001}), "max_character_limit_exceeded"),
    ],
)
def test_what_is_not_a_message_is_answered_with_an_error_and_1008(standin, message, error):
    with dial(standin) as socket:
        socket.send(message)
        heard = hear(socket)
    assert heard.last["error"] == error
    assert heard.last["code"] == heard.code == 1008
    assert heard.last["message"].startswith(heard.reason[:100])


def test_a_message_over_a_megabyte_is_closed_with_1009(standin):
    with dial(standin) as socket:
        say(socket, "a" * (1 << 20))
        assert hear(socket).code == 1009


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"voice": "Rachel"}, "voice_not_found"),
        ({"model_id": "eleven_v9"}, "model_not_found"),
        ({"output_format": "opus_48000_64"}, "unprocessable_entity"),
        ({"output_format": "wav_16000"}, "unprocessable_entity"),
        ({"inactivity_timeout": 181}, "unprocessable_entity"),
        ({"seed": "x"}, "unprocessable_entity"),
    ],
)
def test_an_address_that_asks_for_the_impossible_is_told_so(standin, query, error):
    with dial(standin, **query) as socket:
        heard = hear(socket)
    assert (heard.last["error"], heard.code) == (error, 1008)


@pytest.mark.parametrize("model_id", ["eleven_v3", "eleven_v4_turbo"])
def test_models_without_this_socket_are_told_which_have_it(standin, model_id):
    with dial(standin, model_id=model_id) as socket:
        heard = hear(socket)
    assert (heard.last["error"], heard.code) == ("model_not_allowed", 1008)
    assert "eleven_flash_v2_5" in heard.last["message"]


@pytest.mark.parametrize(
    "first",
    [
        {"xi_api_key": "k"},
        {"xi-api-key": "k"},
        {"authorization": "Bearer k"},
    ],
)
def test_the_key_may_come_with_the_first_message(standin, first):
    with dial(standin, key=None) as socket:
        say(socket, {"text": " ", **first}, "")
        assert hear(socket).code == 1000


def test_the_key_may_come_with_the_address(standin):
    with dial(standin, key=None, authorization="k") as socket:
        say(socket, " ", "")
        assert hear(socket).code == 1000


def test_without_a_key_or_in_strict_mode_with_another_the_socket_says_so(standin):
    with dial(standin, key=None) as socket:
        say(socket, " ")
        assert hear(socket).last["error"] == "missing_api_key"
    standin.state.strict_keys = True
    with dial(standin, key="other") as socket:
        assert hear(socket).last["error"] == "invalid_api_key"
    with dial(standin, key=standin.elevenlabs_key) as socket:
        say(socket, " ", "")
        assert hear(socket).code == 1000


def test_a_client_that_vanishes_leaves_nothing_behind(standin):
    standin.state.profile = profiles.load("independent")
    with dial(standin, auto_mode="true") as socket:
        say(socket, " ", SENTENCE * 5)
        hear_until(socket, "audio")
        assert standin.state.generating == 1
        socket.socket.shutdown(2)
    until(lambda: not standin.state.generating)


@pytest.fixture
def sdk(standin, monkeypatch):
    """The SDK on the plain address: `convert_realtime` turns it into `wss` whatever it is."""
    monkeypatch.setenv("SSL_CERT_FILE", standin.ca_bundle)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with httpx.Client(trust_env=False) as transport, warnings.catch_warnings():
        # The SDK reads two attributes that its own websockets package deprecates.
        warnings.filterwarnings("ignore", "ConnectionClosed", DeprecationWarning)
        yield ElevenLabs(base_url=standin.elevenlabs_url, api_key="any", httpx_client=transport)


def test_convert_realtime_speaks_over_tls_and_ends_by_itself(standin, sdk):
    text = iter(["Your parcel ", "left this ", "morning. ", "It is on its way to you now. "])
    audio = b"".join(
        sdk.text_to_speech.convert_realtime(
            RACHEL, text=text, model_id=FLASH, output_format="pcm_22050"
        )
    )
    received = [entry["received"] for entry in standin.state.journal.entries][-1]
    sent = "".join(message["text"] for message in received[1:])
    assert received[0]["generation_config"] == {"chunk_length_schedule": [50]}
    assert len(audio) == pytest.approx(len(rest(standin, sent)), rel=0.05)
    assert len(audio) > 2 * 44100


def test_convert_realtime_takes_voice_settings_and_defaults_to_mp3(sdk):
    audio = b"".join(
        sdk.text_to_speech.convert_realtime(
            RACHEL, text=iter(["Hello there. "]), voice_settings=VoiceSettings(stability=0.5)
        )
    )
    assert soundfile.info(io.BytesIO(audio)).samplerate == 44100


def test_convert_realtime_raises_the_sdks_error_for_what_the_socket_refuses(sdk):
    with pytest.raises(ApiError) as refused:
        list(sdk.text_to_speech.convert_realtime("nobody", text=iter(["Hello. "])))
    assert refused.value.status_code == 1008
    assert "nobody" in str(refused.value.body)
