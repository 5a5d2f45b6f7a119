"""The dialogue models: the vendor's rules on the wire, and `Voice` on one socket with contexts."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from elevenlabs.types import (
    TextToDialogueWebsocketAudioChunkMulti,
    TextToDialogueWebsocketFinalMulti,
)
from waiting import HANG
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import voicekit
from voicekit import Voice
from voicekit.errors import SpeechError

MODEL = "eleven_v4_turbo"
VOICE = "21m00Tcm4TlvDq8ikWAM"
REPLY = "Of course. I have found your order, and it left our warehouse this morning."


def dial(standin: Any, path: str = "multi-stream-input", model: str = MODEL) -> Any:
    base = standin.elevenlabs_url.replace("http", "ws", 1)
    query = f"model_id={model}&output_format=pcm_16000&sync_alignment=true"
    url = f"{base}/v1/text-to-dialogue/{path}?{query}"
    return connect(url, proxy=None, additional_headers={"xi-api-key": standin.elevenlabs_key})


def say(socket: Any, **message: Any) -> None:
    socket.send(json.dumps(message))


def line(text: str) -> list[dict[str, str]]:
    return [{"text": text, "voice_id": VOICE}]


def hear_until(socket: Any, field: str) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    while not heard or not heard[-1].get(field):
        heard.append(json.loads(socket.recv(HANG)))
    return heard


def dialogues(standin: Any) -> list[Any]:
    return [entry for entry in standin.state.journal.entries if "dialogue" in entry["path"]]


# --- the stand-in ---


def test_text_waits_for_forty_characters_or_a_flush(standin):
    with dial(standin) as socket:
        say(socket, context_id="a", voices=[VOICE])
        say(socket, context_id="a", inputs=line("It is on its way. "))
        say(socket, context_id="b", voices=[VOICE], inputs=line("Yes. "), flush=True)
        assert {m["context_id"] for m in hear_until(socket, "is_final_audio_for_turn")} == {"b"}
        say(socket, context_id="a", inputs=line("It arrives on Friday, I am told. "))
        heard = hear_until(socket, "is_final_audio_for_turn")
    assert {message["context_id"] for message in heard} == {"a"}
    chars = "".join("".join(m["alignment"]["chars"]) for m in heard if m.get("audio"))
    assert chars.startswith("It is on its way. ")


def test_its_messages_are_those_of_the_sdks_types(standin):
    with dial(standin) as socket:
        say(socket, context_id="a", voices=[VOICE], inputs=line("Hello there. "))
        say(socket, context_id="a", close_context=True)
        heard = hear_until(socket, "is_final")
    sounds = [message for message in heard if message.get("audio")]
    assert sum(len(base64.b64decode(message["audio"])) for message in sounds) > 16000
    for message in sounds:
        known = TextToDialogueWebsocketAudioChunkMulti.model_fields
        assert set(message) <= set(known)
        assert set(message["alignment"]) == {
            "chars", "char_start_times_ms", "char_durations_ms"
        }  # fmt: skip
    assert heard[-1] == {"is_final": True, "context_id": "a"}
    TextToDialogueWebsocketFinalMulti.model_validate(heard[-1])


def test_the_single_socket_says_all_of_it_and_ends(standin):
    with dial(standin, "stream-input") as socket:
        say(socket, voices=[VOICE], inputs=line("Hello there. "))
        say(socket, close_socket=True)
        heard = hear_until(socket, "is_final")
        with pytest.raises(ConnectionClosed):
            socket.recv(HANG)
    assert any(message.get("audio") for message in heard)
    assert socket.close_code == 1000


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([{"context_id": "a", "inputs": line("Hi. ")}], "not registered"),
        ([{"context_id": "a", "voices": [VOICE]}] * 2, "first message"),
        ([{"voices": [VOICE]}], "context_id"),
        ([{"context_id": "a", "voices": ["nobody"]}], "nobody"),
        ([{"context_id": "a", "voices": [VOICE], "inputs": [{"text": "Hi", "voice_id": "x"}]}],
         "not registered"),
    ],
)  # fmt: skip
def test_what_the_vendor_refuses_is_refused_with_its_reason(standin, messages, words):
    with dial(standin) as socket:
        for message in messages:
            say(socket, **message)
        error = hear_until(socket, "error")[-1]
        with pytest.raises(ConnectionClosed):
            socket.recv(HANG)
    assert words in error["message"]
    assert socket.close_code == error["code"] == 1008


# --- Voice ---


@pytest.mark.usefixtures("standin")
def test_a_voice_says_the_same_with_either_kind_of_model(world):
    async def clips():
        made = []
        for model in ("eleven_flash_v2_5", MODEL, "eleven_v3_conversational"):
            async with Voice(world, model=model) as voice:
                utterance = voice.speak(REPLY)
                made.append((await utterance.clip(), utterance.heard(1e3)))
        return made

    (flash, said), *others = asyncio.run(clips())
    for clip, heard in others:
        assert abs(clip.seconds - flash.seconds) < 0.1
        assert heard == said == REPLY


def test_who_interrupts_closes_the_context_and_keeps_the_socket(world, standin):
    async def conversation():
        async with Voice(world, model=MODEL) as voice:
            for _ in range(5):
                utterance = voice.speak(REPLY * 5)
                await anext(utterance)
                utterance.cancel()
            return await voice.speak(REPLY).clip(), voice._connection.opened

    clip, opened = asyncio.run(conversation())
    assert clip.seconds > 2
    assert opened == 1
    assert len(dialogues(standin)) == 1


@pytest.mark.usefixtures("standin")
def test_one_utterance_alone_leaves_no_socket_and_no_task_behind(world):
    async def once():
        clip = await voicekit.speak(REPLY, world, model=MODEL).clip()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if rest:
            await asyncio.wait(rest, timeout=HANG)
        return clip, asyncio.all_tasks() == {asyncio.current_task()}

    clip, alone = asyncio.run(once())
    assert clip.seconds > 2
    assert alone


@pytest.mark.usefixtures("standin")
def test_a_refusal_is_an_error_with_the_vendors_reason(world):
    async def speak():
        async with Voice(world, "no-such-voice", model=MODEL) as voice:
            await voice.speak(REPLY).clip()

    with pytest.raises(SpeechError, match="no-such-voice"):
        asyncio.run(speak())


def test_a_setting_that_the_model_passes_over_is_refused(world):
    Voice(world, model=MODEL, settings={"stability": 0.5})
    with pytest.raises(ValueError, match="stability"):
        Voice(world, model=MODEL, settings={"speed": 1.1})
