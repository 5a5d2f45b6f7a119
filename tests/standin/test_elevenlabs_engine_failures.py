"""When the offline voice fails, the client is told why, and how to mend it."""

from __future__ import annotations

from types import SimpleNamespace

import httpx
import pytest
from wire import RACHEL, dial, hear, say

from voicekit import serving
from voicekit.errors import EngineError
from voicekit.standin import app
from voicekit.standin.catalog import profiles
from voicekit.standin.engines import Speech
from voicekit.standin.state import State
from voicekit.standin.tenants import Tenants


class Failing:
    """Speaks `works` passages, then no more."""

    def __init__(self) -> None:
        self.works = 0

    async def say(self, text: str, voice: str, speed: float = 1.0) -> Speech:  # noqa: ARG002
        if self.works < 1:
            raise EngineError("The voice is missing: install it.")
        self.works -= 1
        edges = tuple(i / len(text) for i in range(len(text) + 1))
        return Speech(text, bytes(2 * 22050), 22050, edges[:-1], edges[1:])

    def close(self) -> None:
        pass


@pytest.fixture
def voice():
    return Failing()


@pytest.fixture
def standin(voice):
    state = State(profiles.load("instant"), voice)
    served = serving.serve(app.build(Tenants(state, apart=False)), name="failing-voice")
    yield SimpleNamespace(elevenlabs_url=f"{served.url}/elevenlabs", state=state)
    served.stop()


@pytest.mark.parametrize("route", ["", "/stream", "/with-timestamps", "/stream/with-timestamps"])
def test_over_http_it_is_a_503_that_says_what_to_do(standin, route):
    url = f"{standin.elevenlabs_url}/v1/text-to-speech/{RACHEL}{route}"
    with httpx.Client(trust_env=False, headers={"xi-api-key": "k"}) as client:
        answer = client.post(url, json={"text": "Hello."})
    assert answer.status_code == 503
    assert answer.json()["detail"]["message"] == "The voice is missing: install it."
    assert standin.state.generating == 0


@pytest.mark.parametrize("kind", ["stream-input", "multi-stream-input"])
def test_on_a_socket_it_is_an_error_message_and_1011(standin, voice, kind):
    voice.works = 1
    with dial(standin, kind) as socket:
        say(socket, {"text": "One. ", "flush": True}, {"text": "Two. ", "flush": True})
        heard = hear(socket)
    assert heard.chars == "One. "
    assert heard.last["message"] == "The voice is missing: install it."
    assert heard.last["code"] == heard.code == 1011
    assert standin.state.generating == 0
