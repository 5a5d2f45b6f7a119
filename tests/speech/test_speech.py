"""The kit's own speech client against the stand-in: real sockets, real audio, real faults."""

from __future__ import annotations

import asyncio
import threading

import pytest
from waiting import HANG

import voicekit
from voicekit import Voice, speak_sync
from voicekit.errors import SpeechError
from voicekit.speech.channel import Address
from voicekit.standin.http.faults import Fault

REPLY = "Of course. I have found your order, and it left our warehouse this morning."


def run(coroutine):
    async def alone():
        result = await coroutine
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if rest:
            await asyncio.wait(rest, timeout=HANG)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    return asyncio.run(alone())


def speech_entries(standin):
    return [entry for entry in standin.state.journal.entries if "text-to-speech" in entry["path"]]


async def tokens(text=REPLY):
    for word in text.split(" "):
        yield word + " "
        await asyncio.sleep(0.002)


def test_the_clip_is_as_long_as_what_the_sdk_gets_for_the_same_fragments(world):
    async def ours():
        async with Voice(world) as voice:
            return await voice.speak(tokens()).clip()

    clip = run(ours())
    client = world.elevenlabs()
    fragments = voicekit.prepare(REPLY + " ")
    parts = [
        b"".join(
            client.text_to_speech.convert(
                "21m00Tcm4TlvDq8ikWAM",
                text=fragment.spoken,
                model_id="eleven_flash_v2_5",
                output_format="pcm_22050",
            )
        )
        for fragment in fragments
    ]
    client._client_wrapper.httpx_client.httpx_client.close()  # the SDK has no close of its own
    assert clip.text.strip() == REPLY
    assert clip.seconds == pytest.approx(sum(map(len, parts)) / 2 / 22050, rel=0.02)


def test_an_argument_that_is_gone_is_said_to_be_gone(world):
    with pytest.raises(TypeError, match="one_socket= is gone"):
        Voice(world, one_socket=True)
    with pytest.raises(TypeError, match="one_socket= is gone"):
        list(speak_sync("Hello there.", world, one_socket=False))
    with pytest.raises(TypeError, match="no argument 'colour'"):
        Voice(world, colour="blue")


def test_several_utterances_use_what_is_warm(world, standin):
    async def three():
        async with Voice(world) as voice:
            return [(await voice.speak(f"Number {n}, please.").clip()).seconds for n in range(3)]

    seconds = run(three())
    assert all(s > 0.5 for s in seconds)
    assert len(speech_entries(standin)) == 3


def test_two_utterances_at_once_do_not_mix(world):
    async def both():
        async with Voice(world) as voice:
            alone = await voice.speak("This is the first one.").clip()
            together = [voice.speak("This is the first one."), voice.speak("Quite another text.")]
            first, second = await asyncio.gather(*(each.clip() for each in together))
            return alone, first, second

    alone, first, second = run(both())
    assert first.pcm == alone.pcm
    assert second.pcm != alone.pcm


def test_cancel_is_seen_by_both_vendors_and_the_voice_speaks_on(world, standin):
    async def interrupted():
        llm = world.async_openai()
        question = [{"role": "user", "content": "Explain the refund policy in detail."}]
        async with Voice(world) as voice:
            request = llm.chat.completions.create(
                model="gpt-6-luna", messages=question, stream=True
            )
            said = voice.speak(request)
            async for _ in said:
                said.cancel()
            again = await voice.speak("I am still here.").clip()
        await llm.close()
        return again

    standin.profile = "advertised"
    assert run(interrupted()).seconds > 0.5
    chat = next(e for e in standin.state.journal.entries if "chat" in e["path"])
    speech = speech_entries(standin)[0]
    assert len(chat["received_at"]) == 2  # the request, and the hang-up
    assert len(speech["received_at"]) == len(speech["received"]) + 1


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_dropped_socket_is_replaced_and_no_word_is_lost(world, standin, after):
    async def dropped():
        standin.state.faults.add(Fault("drop", "*/stream-input", after=after))
        async with Voice(world) as voice:
            said = voice.speak(tokens())
            clip = await said.clip()
            return said, clip

    said, clip = run(dropped())
    assert said.resumed == 1
    assert said.heard(clip.seconds).strip() == REPLY


@pytest.mark.parametrize("text", ["Yes.", REPLY])
def test_the_end_is_not_said_in_the_same_breath_as_the_last_words(world, standin, text):
    """A vendor that drops what it has not begun to speak when it is told to close."""
    standin.profile = "advertised"

    async def hasty():
        standin.state.faults.add(Fault("hasty", "*/stream-input"))
        async with Voice(world) as voice:
            said = voice.speak(tokens(text))
            return said, await said.clip()

    said, clip = run(hasty())
    assert said.resumed == 0
    assert said.heard(clip.seconds).strip() == text


def test_a_socket_that_falls_silent_is_replaced(world, standin, monkeypatch):
    monkeypatch.setattr("voicekit.speech.utterance.PATIENCE", 0.3)

    async def silent():
        standin.state.faults.add(Fault("half_open", "*/stream-input", after=2))
        async with Voice(world) as voice:
            said = voice.speak(tokens())
            await said.clip()
            return said

    said = run(silent())
    assert said.resumed == 1
    assert said.heard(99).strip() == REPLY


def test_a_busy_vendor_is_asked_again(world, standin):
    async def busy():
        standin.state.faults.add(Fault("refuse", "*stream-input", name="system_busy"))
        voice = Voice(world)
        clip = await voice.speak("Hello there.").clip()
        await voice.close()
        return clip

    assert run(busy()).seconds > 0.5


@pytest.mark.parametrize("reason", ["quota_exceeded", "too_many_concurrent_requests"])
def test_a_refusal_says_the_vendors_reason_and_what_to_do(world, standin, monkeypatch, reason):
    monkeypatch.setattr("voicekit.speech.utterance.RETRIES", (0.0,))

    async def refused():
        standin.state.faults.add(Fault("refuse", "*/stream-input", name=reason, times=2))
        await Voice(world).speak("Hello there.").clip()

    with pytest.raises(SpeechError) as error:
        run(refused())
    assert error.value.reason == reason
    assert len(str(error.value)) > 60


def test_an_unknown_voice_says_that_it_wants_an_id(world):
    async def by_name():
        await Voice(world, "Rachel").speak("Hello there.").clip()

    with pytest.raises(SpeechError, match=r"voices\.search"):
        run(by_name())


def test_without_a_running_loop_it_says_which_form_to_use(world):
    with pytest.raises(RuntimeError, match="speak_sync"):
        Voice(world).speak("Hello there.")


def test_trimming_leaves_out_the_silence_before_the_first_sound(world):
    async def both():
        plain = voicekit.speak("Hello there.", world)
        trimmed = voicekit.speak("Hello there.", world, trim=True)
        return plain, await plain.clip(), trimmed, await trimmed.clip()

    plain, whole, trimmed, short = run(both())
    assert plain.silence == trimmed.silence == whole.onset()
    assert short.onset() == 0.0
    assert whole.seconds - short.seconds == pytest.approx(plain.silence, abs=1e-4)


def test_the_marks_tell_a_turn_and_agree_with_the_rendered_audio(world, standin):
    standin.profile = "advertised"

    async def turn():
        async with Voice(world) as voice:
            said = voice.speak(tokens())
            clip = await said.clip()
            return said.timeline, clip

    timeline, clip = run(turn())
    marks = timeline.marks
    order = ["request", "first_token", "first_fragment", "first_byte", "audible", "finished"]
    assert sorted(order, key=marks.__getitem__) == order
    assert marks["audible"] - marks["playing"] == pytest.approx(clip.onset(), abs=0.001)


def test_the_sync_form_gives_the_same_audio_and_can_be_left(world):
    async def awaited():
        return await voicekit.speak("Hello there.", world).clip()

    chunks = speak_sync("Hello there.", world)
    assert b"".join(chunk.pcm for chunk in chunks) == run(awaited()).pcm
    left = speak_sync(REPLY, world)
    next(left)
    left.close()
    assert not [t for t in threading.enumerate() if t.name == "voicekit-speak"]


def test_the_sync_form_raises_the_vendors_refusal(world):
    with pytest.raises(SpeechError, match="does not exist"):
        list(speak_sync("Hello there.", world, voice="nobody"))


def test_a_refusal_that_is_there_before_the_first_message_is_read(world, monkeypatch):
    """On a busy machine the vendor has hung up by the time that the handshake returns."""
    opened = Address.open

    async def late(address, route):
        socket = await opened(address, route)
        await socket.wait_closed()
        return socket

    monkeypatch.setattr(Address, "open", late)

    async def refused():
        async with Voice(world, "nobody") as voice:
            await voice.speak("Hello there.").clip()

    with pytest.raises(SpeechError, match="does not exist"):
        run(refused())
