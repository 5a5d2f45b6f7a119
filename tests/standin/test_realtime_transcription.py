"""Realtime transcription, by the official SDK and held against the vendor's published contract."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from elevenlabs import AsyncElevenLabs, v_1_speech_to_text_realtime
from elevenlabs.core.unchecked_base_model import construct_type
from elevenlabs.realtime import AudioFormat, CommitStrategy, RealtimeEvents
from waiting import HANG, until_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from voicekit.audio import Clip
from voicekit.standin.catalog import profiles
from voicekit.standin.engines import Heard, Word
from voicekit.standin.http import refusals
from voicekit.standin.http.faults import Fault
from voicekit.standin.speech.segment import joined, timed, word_messages

RACHEL = "21m00Tcm4TlvDq8ikWAM"
HOURS = "What are your opening hours"
PARCEL = "Where is my parcel"
PAUSE = 0.8  # seconds, longer than the VAD needs below
FATAL = {
    "commit_throttled",
    "input_error",
    "chunk_size_exceeded",
    "insufficient_audio_activity",
    "queue_overflow",
    "rate_limited",
    "resource_exhausted",
    "session_time_limit_exceeded",
    "transcriber_error",
    "unaccepted_terms",
}


@pytest.fixture(scope="module")
def spoken(_session_standin) -> Any:
    """PCM16 of a sentence, a pause and another one."""

    async def speak(rate: int) -> bytes:
        sdk = AsyncElevenLabs(base_url=_session_standin.elevenlabs_url, api_key="k")
        parts = []
        for sentence in (HOURS, PARCEL):
            chunks = sdk.text_to_speech.convert(
                RACHEL, text=f"{sentence}?", output_format=f"pcm_{rate}"
            )
            parts += [b"".join([chunk async for chunk in chunks]), bytes(2 * int(PAUSE * rate))]
        await sdk._client_wrapper.httpx_client.httpx_client.aclose()
        return b"".join(parts)

    made: dict[int, bytes] = {}

    def at(rate: int = 16000) -> bytes:
        if rate not in made:
            made[rate] = asyncio.run(speak(rate))
        return made[rate]

    return at


async def by_the_sdk(standin, sound: bytes, done, rate: int = 16000, **options: Any) -> list[dict]:
    """Every message of a session, until `done` says that it is the last."""
    sdk = AsyncElevenLabs(base_url=standin.elevenlabs_url, api_key="k")
    audio_format = options.pop("audio_format", AudioFormat(f"pcm_{rate}"))
    connection = await sdk.speech_to_text.realtime.connect(
        {
            "model_id": "scribe_v2_realtime",
            "audio_format": audio_format,
            "sample_rate": rate,
            **options,
        }
    )
    messages: list[dict] = []
    for event in RealtimeEvents:
        if event is not RealtimeEvents.ERROR:  # the same once more
            connection.on(event, lambda data=None: messages.append(data))
    for first in range(0, len(sound), 3200):
        chunk = base64.b64encode(sound[first : first + 3200]).decode()
        await connection.send({"audio_base_64": chunk})
    if options.get("commit_strategy") in (None, CommitStrategy.MANUAL):
        await connection.commit()
    await until_async(lambda: done(messages), "the last message")
    await connection.close()
    return [message for message in messages if message and "message_type" in message]


def committed(messages: list[Any]) -> list[str]:
    kind = "committed_transcript"
    return [m["text"] for m in messages if m and m.get("message_type") == kind]


def kinds(messages: list[dict]) -> list[str]:
    return [message["message_type"] for message in messages]


def test_a_manual_commit_gives_everything_said_since_the_last_one(standin, spoken):
    messages = asyncio.run(by_the_sdk(standin, spoken(), committed))
    assert committed(messages) == [f"{HOURS} {PARCEL}"]
    assert kinds(messages)[0] == "session_started"
    assert kinds(messages)[-2:] == ["partial_transcript", "committed_transcript"]
    assert messages[-2]["text"] == messages[-1]["text"]


def test_the_vad_commits_at_each_pause(standin, spoken):
    options = {"commit_strategy": CommitStrategy.VAD, "vad_silence_threshold_secs": 0.5}
    done = lambda messages: len(committed(messages)) == 2  # noqa: E731
    messages = asyncio.run(by_the_sdk(standin, spoken(), done, **options))
    assert committed(messages) == [HOURS, PARCEL]


@pytest.mark.parametrize("rate", [8000, 22050, 24000, 44100, 48000])
def test_every_rate_is_understood(standin, spoken, rate):
    messages = asyncio.run(by_the_sdk(standin, spoken(rate), committed, rate))
    (text,) = committed(messages)
    if rate == 8000:  # half of the recogniser's band: it takes "parcel" for another thing
        assert text.startswith(HOURS)
    else:
        assert text == f"{HOURS} {PARCEL}"
    assert messages[0]["config"]["sample_rate"] == rate


def test_telephone_sound_is_understood(standin, spoken):
    from voicekit.standin.speech import formats

    encoder = formats.encoder("ulaw_8000", 16000)
    sound = encoder.feed(spoken()) + encoder.finish()
    messages = asyncio.run(
        by_the_sdk(standin, sound, committed, 8000, audio_format=AudioFormat.ULAW_8000)
    )
    (text,) = committed(messages)
    assert text.startswith(f"{HOURS} Where is my")  # its noise costs the last word


def test_words_have_times_and_join_to_the_text(standin, spoken):
    def done(messages):
        return kinds([m for m in messages if m])[-1:] == ["committed_transcript_with_timestamps"]

    messages = asyncio.run(by_the_sdk(standin, spoken(), done, include_timestamps=True))
    last = messages[-1]
    assert "".join(word["text"] for word in last["words"]) == last["text"]
    assert kinds(messages)[-2] == "committed_transcript"
    times = [edge for word in last["words"] for edge in (word["start"], word["end"])]
    assert times == sorted(times)
    whole = Clip(spoken(), 16000).seconds
    assert 0 < times[0] < times[-1] < whole
    where = next(word for word in last["words"] if word["text"] == "Where")
    assert where["start"] > whole / 3  # the second sentence's, not counted from its beginning


def test_the_language_comes_with_the_second_copy(standin, spoken):
    def done(messages):
        return kinds([m for m in messages if m])[-1:] == ["committed_transcript_with_timestamps"]

    options = {"include_language_detection": True, "language_code": "eng"}
    messages = asyncio.run(by_the_sdk(standin, spoken(), done, **options))
    assert (messages[-1]["language_code"], messages[-1]["words"]) == ("eng", [])


def test_every_message_is_of_the_published_types(standin, spoken):
    def done(messages):
        return kinds([m for m in messages if m])[-1:] == ["committed_transcript_with_timestamps"]

    messages = asyncio.run(by_the_sdk(standin, spoken(), done, include_timestamps=True))
    for message in messages:
        (shape,) = [
            kind
            for kind in v_1_speech_to_text_realtime.ReceiveTranscription.__args__
            if kind.model_fields["message_type"].default == message["message_type"]
        ]
        shape.model_validate(message)  # raises where a field is missing or of another type
        construct_type(type_=shape, object_=message)


@contextmanager
def session(standin, key: str | None = "k", **query: Any) -> Iterator[ClientConnection]:
    query = {"model_id": "scribe_v2_realtime", **query}
    base = standin.elevenlabs_url.replace("http", "ws", 1)
    url = f"{base}/v1/speech-to-text/realtime?{urlencode(query, doseq=True)}"
    headers = {"xi-api-key": key} if key else {}
    with connect(url, additional_headers=headers, proxy=None) as socket:
        yield socket


def chunk(sound: bytes = b"", **fields: Any) -> str:
    message = {"message_type": "input_audio_chunk", "commit": False, "sample_rate": 16000}
    return json.dumps({**message, "audio_base_64": base64.b64encode(sound).decode(), **fields})


def ending(socket: ClientConnection) -> tuple[dict, int | None, str]:
    """The last message, and how the socket was closed."""
    message: dict = {}
    try:
        while True:
            message = json.loads(socket.recv(HANG))
    except ConnectionClosed:
        return message, socket.close_code, socket.close_reason or ""


SECOND = bytes(32000)


@pytest.mark.parametrize(
    ("messages", "kind", "told"),
    [
        (["{"], "input_error", "JSON"),
        ([b"sound"], "input_error", "binary"),
        (['{"message_type": "hello"}'], "input_error", "input_audio_chunk"),
        ([chunk(audio_base_64="?")], "input_error", "base64"),
        ([chunk(audio_base_64="ä")], "input_error", "base64"),
        ([chunk(audio_base_64=5)], "input_error", "audio_base_64"),
        ([chunk(sample_rate="fast")], "input_error", "sample_rate"),
        (["[" * 100_000], "input_error", "JSON"),
        ([chunk(SECOND, sample_rate=8000)], "input_error", "audio_format=pcm_16000"),
        ([chunk(SECOND), chunk(previous_text="Hello.")], "input_error", "first chunk"),
        ([chunk(bytes(2**19 + 2))], "chunk_size_exceeded", "524,288 bytes"),
        ([chunk(commit=True)], "commit_throttled", "only 0.00s"),
        ([chunk(SECOND, commit=True), chunk(commit=True)], "commit_throttled", "at least 0.3s"),
        ([chunk(bytes(500_000))] * 9, "queue_overflow", "120 s"),
    ],
)
def test_what_a_client_gets_wrong_ends_the_session_with_its_reason(standin, messages, kind, told):
    with session(standin) as socket:
        for message in messages:
            try:
                socket.send(message)
            except ConnectionClosed:
                break
        message, code, reason = ending(socket)
    assert (message["message_type"], code) == (kind, 1008)
    assert told in message["error"]
    assert message["error"].startswith(reason)
    assert reason


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"model_id": "scribe_v1"}, "scribe_v2_realtime"),
        ({"audio_format": "mp3_44100"}, "pcm_16000"),
        ({"commit_strategy": "sometimes"}, "manual"),
        ({"commit_strategy": "turn_prediction"}, "scribe_v3_live"),
        ({"vad_silence_threshold_secs": 0.1}, "vad_silence_threshold_secs"),
        ({"vad_threshold": 0.95}, "vad_threshold"),
        ({"min_speech_duration_ms": 49}, "min_speech_duration_ms"),
        ({"keyterms": ["a"] * 51}, "keyterms"),
        ({"keyterms": ["a" * 21]}, "keyterms"),
        ({"language_code": "de"}, "English only"),
        ({"language_code": "en", "secondary_languages": ["es"]}, "English only"),
        ({"entity_detection": ["pii"]}, "'entity_detection'"),
        ({"transcript_edit": "shorter"}, "'transcript_edit'"),
        ({"filter_background_audio": "true", "include_timestamps": "true"}, "combined"),
    ],
)
def test_an_address_that_asks_for_the_impossible_is_refused(standin, query, told):
    with session(standin, **query) as socket:
        message, code, reason = ending(socket)
    assert (message["message_type"], code) == ("invalid_request", 1008)
    assert told in message["error"]
    assert reason


def test_a_key_is_needed_and_a_token_is_one_for_one_session(standin):
    with session(standin, key=None) as socket:
        assert ending(socket)[0]["message_type"] == "auth_error"

    async def token() -> str:
        sdk = AsyncElevenLabs(base_url=standin.elevenlabs_url, api_key="k")
        made = await sdk.tokens.single_use.create("realtime_scribe")
        await sdk._client_wrapper.httpx_client.httpx_client.aclose()
        return made.token

    once = asyncio.run(token())
    with session(standin, key=None, token=once) as socket:
        assert json.loads(socket.recv(HANG))["message_type"] == "session_started"
    with session(standin, key=None, token=once) as socket:
        assert ending(socket)[0]["message_type"] == "auth_error"


@pytest.mark.parametrize("name", sorted(FATAL))
def test_each_error_that_the_vendor_publishes_can_be_asked_for(standin, name):
    standin.state.faults.add(Fault("refuse", name=name))
    heard: list[tuple[str, str]] = []

    async def run() -> None:
        sdk = AsyncElevenLabs(base_url=standin.elevenlabs_url, api_key="k")
        connection = await sdk.speech_to_text.realtime.connect(
            {
                "model_id": "scribe_v2_realtime",
                "audio_format": AudioFormat.PCM_16000,
                "sample_rate": 16000,
            }
        )
        closed: list[dict] = []
        connection.on(name, lambda data: heard.append(("own", data["error"])))
        connection.on(RealtimeEvents.ERROR, lambda data: heard.append(("any", data["error"])))
        connection.on(RealtimeEvents.CLOSE, lambda data: closed.append(data))
        await until_async(lambda: closed, "the close")
        assert closed[0]["reason"]
        await connection.close()

    asyncio.run(run())
    assert [kind for kind, _ in heard[:2]] == ["own", "any"]  # then the SDK says "closed", too
    assert heard[0][1] == heard[1][1] == refusals.Refusal("elevenlabs", name).message


def test_silence_is_committed_as_nothing_and_the_session_goes_on(standin, spoken):
    with session(standin) as socket:
        socket.send(chunk(SECOND, commit=True, previous_text="We spoke of a parcel."))
        texts = []
        while len(texts) < 2:
            message = json.loads(socket.recv(HANG))
            if message["message_type"] == "committed_transcript":
                texts.append(message["text"])
                socket.send(chunk(spoken(), commit=True))
    assert texts == ["", f"{HOURS} {PARCEL}"]


def test_turn_prediction_commits_by_what_was_said(standin, spoken):
    query = {"model_id": "scribe_v3_live", "commit_strategy": "turn_prediction"}
    with session(standin, **query) as socket:
        socket.send(chunk(spoken()))
        texts: list[str] = []
        while len(texts) < 2:
            message = json.loads(socket.recv(HANG))
            texts += [message["text"]] if message["message_type"] == "committed_transcript" else []
    assert texts == [HOURS, PARCEL]


def test_a_commit_is_answered_when_the_profile_has_it_due(standin):
    standin.state.profile = profiles.load("independent")
    assert standin.state.profile.transcript_after("scribe_v2_realtime") == 0.281
    with session(standin) as socket:
        assert json.loads(socket.recv(HANG))["message_type"] == "session_started"
        socket.send(chunk(SECOND, commit=True))
        assert json.loads(socket.recv(HANG))["message_type"] == "committed_transcript"
    (entry,) = standin.state.journal.entries
    assert entry["sent_at"][1] - entry["received_at"][0] >= 0.28  # never sooner


def test_a_client_that_vanishes_leaves_nothing(standin, spoken):
    with session(standin) as socket:
        socket.send(chunk(spoken()))
        socket.recv(HANG)
        socket.socket.shutdown(2)


def test_a_number_in_digits_has_the_time_of_its_words():
    spoken_words = ["where", "is", "order", "forty", "two", "seventeen"]
    words = tuple(Word(text, float(at), at + 1.0) for at, text in enumerate(spoken_words))
    (*_, order, number) = timed(Heard("Where is order 4217", "grammar", 0.9, words))
    assert (order.text, order.start, order.end) == ("order", 2.0, 3.0)
    assert (number.text, number.start, number.end) == ("4217", 3.0, 6.0)


def test_what_was_heard_in_parts_is_one_text_with_all_its_words():
    parts = [
        Heard("Hello", "grammar", 0.9, (Word("hello", 0.0, 0.5),)),
        Heard("I am here", "dictation", 0.5, tuple(Word(w, 2.0, 2.5) for w in ["i", "am", "here"])),
    ]
    whole = joined(parts)
    assert whole.text == "Hello I am here"
    assert "".join(item["text"] for item in word_messages(whole)) == whole.text
    assert joined([]).text == ""


def test_a_message_beyond_the_servers_limit_is_closed_with_a_reason(standin):
    with session(standin) as socket:
        socket.send(chunk(bytes(2**20)))
        _, code, reason = ending(socket)
    assert code == 1009
    assert "1048576 bytes" in reason
