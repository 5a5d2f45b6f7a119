"""What the official SDK makes of a bad day, and that the stand-in is well again afterwards."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import time

import httpx
import pytest
from elevenlabs import ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import UnprocessableEntityError
from waiting import HANG, until
from websockets.exceptions import ConnectionClosed
from wire import RACHEL, dial, hear, hear_until, say

from voicekit.standin.catalog import profiles
from voicekit.standin.http.faults import Fault

TEXT = "Hello there, how are you today?"
SPEECH = "/elevenlabs/v1/text-to-speech/*"


@pytest.fixture
def client(standin):
    with httpx.Client(trust_env=False, timeout=HANG) as transport:
        yield ElevenLabs(
            base_url=standin.elevenlabs_url, api_key="any", httpx_client=transport, timeout=HANG
        )


@pytest.fixture
def leaves_nothing(standin, token, caplog):
    """After the test nothing is spoken, no task is left that was not there, and no error logged."""
    base = standin.elevenlabs_url.removesuffix("/elevenlabs")
    with httpx.Client(trust_env=False, base_url=base, headers=token) as client:
        before = client.get("/_standin/").json()["tasks"]
        yield
        until(
            lambda: (
                not standin.state.generating and client.get("/_standin/").json()["tasks"] <= before
            ),
            "the end of all that was under way",
        )
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("invalid_api_key", 401),
        ("quota_exceeded", 401),
        ("payment_required", 402),
        ("output_format_not_allowed", 403),
        ("voice_not_found", 404),
        ("unprocessable_entity", 422),
        ("too_many_concurrent_requests", 429),
        ("system_busy", 429),
        ("internal_server_error", 500),
        ("service_unavailable", 503),
    ],
)
@pytest.mark.parametrize("route", ["convert", "stream", "stream_with_timestamps"])
def test_every_refusal_arrives_as_the_sdks_exception_and_only_once(
    standin, client, route, name, status
):
    standin.state.faults.add(Fault("refuse", SPEECH, name=name))
    with pytest.raises(ApiError) as refused:
        list(getattr(client.text_to_speech, route)(RACHEL, text=TEXT))
    assert refused.value.status_code == status
    assert refused.value.body["detail"]["status"] == name
    assert (status == 422) == isinstance(refused.value, UnprocessableEntityError)
    assert list(getattr(client.text_to_speech, route)(RACHEL, text=TEXT))


def test_a_stall_delays_the_rest_and_loses_nothing(standin, client):
    def speak() -> bytes:
        return b"".join(client.text_to_speech.stream(RACHEL, text=TEXT))

    whole = speak()
    standin.state.faults.add(Fault("stall", SPEECH, after=2, seconds=0.3))
    start = time.monotonic()
    assert speak() == whole
    assert time.monotonic() - start > 0.29  # never sooner


@pytest.mark.usefixtures("leaves_nothing")
def test_a_drop_in_mid_stream_is_an_error_and_not_a_short_answer(standin, client):
    standin.state.faults.add(Fault("drop", SPEECH, after=2))
    with pytest.raises(httpx.TransportError):
        list(client.text_to_speech.stream(RACHEL, text=TEXT))


@pytest.mark.usefixtures("leaves_nothing")
def test_a_half_open_response_times_out_at_the_client(standin):
    standin.state.faults.add(Fault("half_open", SPEECH, after=1))
    url = f"{standin.elevenlabs_url}/v1/text-to-speech/{RACHEL}/stream"
    with httpx.Client(trust_env=False, timeout=0.3) as transport, pytest.raises(httpx.ReadTimeout):
        transport.post(url, headers={"xi-api-key": "k"}, json={"text": TEXT})
    standin.state.reset()


@pytest.mark.parametrize("kind", ["stream-input", "multi-stream-input"])
@pytest.mark.usefixtures("leaves_nothing")
def test_a_dropped_socket_ends_without_a_close_frame_and_leaves_nothing(standin, kind):
    standin.state.faults.add(Fault("drop", SPEECH, after=2))
    with dial(standin, kind) as socket:
        say(socket, {"text": TEXT, "flush": True})
        heard = hear(socket)
    assert len(heard.messages) == 2
    assert heard.code == 1006


@pytest.mark.parametrize("kind", ["stream-input", "multi-stream-input"])
@pytest.mark.usefixtures("leaves_nothing")
def test_a_half_open_socket_is_silent_until_released_and_leaves_nothing(standin, kind):
    standin.state.profile = profiles.load("advertised")
    standin.state.faults.add(Fault("half_open", SPEECH, after=1))
    with dial(standin, kind) as socket:
        say(socket, {"text": TEXT * 3, "flush": True})
        hear_until(socket, "audio")
        with pytest.raises(TimeoutError):
            socket.recv(0.3)
        standin.state.reset()
        with pytest.raises(ConnectionClosed):
            socket.recv(HANG)


@pytest.mark.usefixtures("leaves_nothing")
def test_a_hasty_socket_ends_without_a_sound_if_it_is_closed_in_the_same_breath(standin):
    standin.state.profile = profiles.load("advertised")
    standin.state.faults.add(Fault("hasty", SPEECH, times=2))
    with dial(standin) as socket:
        say(socket, " ", {"text": TEXT, "flush": True}, "")
        heard = hear(socket)
    assert (heard.audio, heard.code, heard.messages[-1]["isFinal"]) == (b"", 1000, True)
    with dial(standin) as socket:  # who waits for the sound loses none of it
        say(socket, " ", {"text": TEXT, "flush": True})
        hear_until(socket, "audio")
        say(socket, "")
        rest = hear(socket)
    assert rest.code == 1000
    assert rest.audio


@pytest.mark.parametrize("closing", [{"close_context": True}, {"close_socket": True}])
@pytest.mark.usefixtures("leaves_nothing")
def test_a_hasty_context_is_silent_likewise(standin, closing):
    standin.state.profile = profiles.load("advertised")
    standin.state.faults.add(Fault("hasty", SPEECH))
    with dial(standin, "multi-stream-input") as socket:
        name = {"context_id": "a"}
        say(socket, {"text": TEXT, "flush": True, **name}, {**closing, **name})
        if "close_context" in closing:
            hear_until(socket, "isFinal")
            say(socket, {"close_socket": True})
        assert hear(socket).audio == b""


@pytest.mark.usefixtures("leaves_nothing")
def test_malformed_messages_in_any_order_never_break_the_next_conversation(standin):
    dice = random.Random(1)
    values = [None, True, 0, -1, 1.5, "", " ", "Hi. ", "é" * 60, [], {}, ["a"], {"speed": "x"}]
    fields = [
        *("text", "flush", "try_trigger_generation", "voice_settings", "generation_config"),
        *("context_id", "close_context", "close_socket", "xi_api_key", "colour"),
    ]
    for turn in range(200):
        kind = ("stream-input", "multi-stream-input")[turn % 2]
        with dial(standin, kind) as socket:
            with contextlib.suppress(ConnectionClosed):
                for _ in range(dice.randint(1, 6)):
                    chosen = dice.sample(fields, dice.randint(0, 4))
                    message = json.dumps({name: dice.choice(values) for name in chosen})
                    cut = message[: dice.randint(0, len(message))]
                    socket.send(dice.choice([message, message, cut, cut.encode()]))
            if turn % 3:  # every third leaves in the middle
                with contextlib.suppress(ConnectionClosed):
                    socket.send("{")
                assert hear(socket).code in (1000, 1008)
    with dial(standin) as socket:
        say(socket, " ", "Still here. ", "")
        assert hear(socket).chars == "Still here. "
