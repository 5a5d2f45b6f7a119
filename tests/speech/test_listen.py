"""`listen` against the stand-in, with the official SDK as the judge, and against a fake vendor."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from elevenlabs.realtime import AudioFormat, CommitStrategy, RealtimeEvents
from waiting import HANG, until_async
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

import voicekit
from voicekit import Clip, listen
from voicekit.errors import AudioError, TranscriptionError
from voicekit.speech import Committed, Partial, Problem, realtime
from voicekit.standin.http.faults import Fault

HOURS = "What are your opening hours"
PARCEL = "Where is my parcel"
RATE = 16000


def run(coroutine: Any) -> Any:
    async def alone() -> Any:
        result = await asyncio.wait_for(coroutine, HANG)
        assert asyncio.all_tasks() == {asyncio.current_task()}  # nothing is left under way
        return result

    return asyncio.run(alone())


async def speech(world) -> bytes:
    async with voicekit.Voice(world, rate=RATE) as voice:
        clips = [await voice.speak(f"{text}?").clip() for text in (HOURS, PARCEL)]
    return bytes(2 * RATE).join([*(clip.pcm for clip in clips), b""])


def frames(pcm: bytes, size: int = 640) -> list[bytes]:
    return [pcm[first : first + size] for first in range(0, len(pcm), size)]


async def events_of(*args: Any, **options: Any) -> list[Any]:
    return [event async for event in listen(*args, **options)]


async def until_the_end(transcription: Any) -> tuple[list[Any], Exception | None]:
    """All events, and what was raised after them."""
    events = []
    try:
        async for event in transcription:
            events.append(event)  # noqa: PERF401 - those before an error count
    except (TranscriptionError, LookupError) as error:
        return events, error
    return events, None


def texts(events: list[Any]) -> list[str]:
    return [event.text for event in events if isinstance(event, Committed)]


async def by_the_sdk(world, pcm: bytes, **options: Any) -> list[Committed]:
    """What the official SDK's client is told is committed."""
    connection = await world.async_elevenlabs().speech_to_text.realtime.connect(
        {
            "model_id": "scribe_v2_realtime",
            "audio_format": AudioFormat.PCM_16000,
            "sample_rate": RATE,
            "include_timestamps": True,
            **options,
        }
    )
    messages: list[dict] = []
    kind = RealtimeEvents.COMMITTED_TRANSCRIPT_WITH_TIMESTAMPS
    connection.on(kind, lambda data: messages.append(data))
    for frame in frames(pcm):
        await connection.send({"audio_base_64": base64.b64encode(frame).decode()})
    await connection.commit()
    await until_async(lambda: any(PARCEL in message["text"] for message in messages))
    await connection.close()
    return [realtime.read(json.dumps(message)) for message in messages]


@pytest.mark.parametrize("commit", ["vad", "manual"])
def test_it_commits_what_the_official_sdk_is_told(world, commit):
    async def both() -> tuple[list, list]:
        pcm = await speech(world)
        silence = {"silence": 0.5} if commit == "vad" else {}
        ours = await events_of(frames(pcm), world, commit=commit, **silence)
        strategy = {"commit_strategy": CommitStrategy(commit)}
        theirs = await by_the_sdk(
            world, pcm, **strategy, vad_silence_threshold_secs=silence.get("silence")
        )
        return [event for event in ours if isinstance(event, Committed)], theirs

    ours, theirs = run(both())
    assert ours == [event for event in theirs if event.text]
    assert texts(ours) == ([HOURS, PARCEL] if commit == "vad" else [f"{HOURS} {PARCEL}"])
    assert [word.text for word in ours[-1].words[-3:]] == ["is", "my", "parcel"]


@dataclass
class Frame:
    """A microphone's."""

    pcm: bytes


@pytest.mark.parametrize("kind", ["bytes", "odd sizes", "frames", "one clip", "asynchronous"])
def test_any_iterable_of_sound_gives_the_same_text(world, kind):
    async def words() -> list[str]:
        pcm = await speech(world)
        given: Any = frames(pcm)
        if kind == "odd sizes":
            given = frames(pcm, 777)
        elif kind == "frames":
            given = [Frame(frame) for frame in given]
        elif kind == "one clip":
            given = [Clip(pcm, RATE)]
        elif kind == "asynchronous":

            async def live():
                for frame in frames(pcm):
                    yield frame

            given = live()
        return texts(await events_of(given, world, silence=0.5))

    assert run(words()) == [HOURS, PARCEL]


def test_partial_texts_come_before_what_they_become(world):
    async def scenario() -> list[Any]:
        return await events_of(frames(await speech(world)), world, silence=0.5)

    events = run(scenario())
    assert isinstance(events[0], Partial)
    for before, event in pairwise(events):
        if isinstance(event, Committed):
            assert before == Partial(event.text)


def test_a_manual_commit_is_answered_even_when_nothing_was_said(world):
    async def scenario() -> list[str]:
        pcm = await speech(world)
        asked = asyncio.Event()

        async def live():
            yield bytes(2 * RATE // 10)  # shorter than a commit needs
            await asked.wait()
            for frame in frames(pcm):
                yield frame

        transcription = listen(live(), world, commit="manual")
        await until_async(lambda: transcription._fresh)
        await transcription.commit()
        committed = []
        async for event in transcription:
            if isinstance(event, Committed):
                committed.append(event.text)
                asked.set()
        return committed

    assert run(scenario()) == ["", f"{HOURS} {PARCEL}"]


def test_what_the_frames_raise_comes_after_their_last_text(world):
    async def scenario() -> list[Any]:
        pcm = await speech(world)

        async def breaks():
            yield pcm
            raise LookupError("The microphone was unplugged.")

        events, error = await until_the_end(listen(breaks(), world, silence=0.5))
        assert isinstance(error, LookupError)
        return texts(events)

    assert run(scenario()) == [HOURS, PARCEL]


def test_no_sound_and_silence_give_no_event(world):
    async def scenario() -> list[Any]:
        return await events_of([], world) + await events_of([bytes(2 * RATE)], world)

    assert run(scenario()) == []


def test_closing_it_hangs_up_and_closes_the_frames(world):
    closed = []

    async def scenario() -> None:
        async def live():
            try:
                while True:
                    yield bytes(640)
                    await asyncio.sleep(0.001)
            finally:
                closed.append(True)

        async with listen(live(), world) as transcription:
            await until_async(lambda: transcription._fresh > 1)
        assert [event async for event in transcription] == []

    run(scenario())
    assert closed == [True]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("quota_exceeded", "quota_exceeded"), ("invalid_api_key", "auth_error")],
)
def test_a_refusal_is_an_event_and_then_an_error(world, standin, name, reason):
    standin.state.faults.add(Fault("refuse", name=name))

    async def scenario() -> tuple[list[Any], Any]:
        return await until_the_end(listen([bytes(2 * RATE)] * 3, world))

    events, error = run(scenario())
    assert isinstance(error, TranscriptionError)
    assert [event.reason for event in events] == [reason]
    assert isinstance(events[0], Problem)
    assert error.reason == reason
    assert events[0].text in str(error)
    assert "Committed: nothing." in str(error)


# --- a vendor that says what a test wants -----------------------------------------------------


def partial(text: str) -> dict:
    return {"message_type": "partial_transcript", "text": text}


def committed(text: str) -> dict:
    return {"message_type": "committed_transcript_with_timestamps", "text": text, "words": []}


@asynccontextmanager
async def vendor(world, answer):
    """A stand-in's stand-in: `answer(socket, message)` for every message that comes."""

    async def handle(socket) -> None:
        await socket.send(json.dumps({"message_type": "session_started", "session_id": "s"}))
        try:
            async for raw in socket:
                for message in answer(json.loads(raw)):
                    if isinstance(message, int):
                        await socket.close(message, "as planned")
                        return
                    text = message if isinstance(message, str) else json.dumps(message)
                    await socket.send(text)
        except ConnectionClosed:
            return

    async with serve(handle, "127.0.0.1", 0) as server:
        world.elevenlabs_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield


def against(world, answer, sound: list[bytes], **options: Any) -> Any:
    async def scenario() -> Any:
        async with vendor(world, answer):
            return await until_the_end(listen(sound, world, **options))

    return run(scenario())


SOUND = [bytes(3200)] * 5


@pytest.mark.parametrize("code", [1000, 1006, 1008, 1011])
def test_a_connection_that_ends_says_what_was_committed_and_what_was_not(world, code):
    def answer(message):
        if message["commit"]:
            yield committed("Hello there.")
            yield partial("I would like to")
            yield 1011 if code == 1006 else code

    events, error = against(world, answer, SOUND)
    assert events == [Committed("Hello there."), Partial("I would like to")]
    assert (error.committed, error.uncommitted) == ("Hello there.", "I would like to")
    assert "Committed: 'Hello there.'. Not committed: 'I would like to'." in str(error)


@pytest.mark.parametrize(
    "nonsense",
    [
        "{",
        "[]",
        "5",
        '"text"',
        '{"text": "a"}',
        '{"message_type": "partial_transcript"}',
        "[" * 9999,
    ],
)
def test_a_message_that_cannot_be_read_is_one_error(world, nonsense):
    def answer(_message):
        yield partial("Hello")
        yield nonsense

    events, error = against(world, answer, SOUND)
    assert events == [Partial("Hello")]
    assert "cannot be read" in str(error)
    assert error.uncommitted == "Hello"


def test_words_that_the_vendor_commits_while_the_end_is_committed_are_kept(world):
    """Its own commit may be under way already; ours then brings only the rest."""
    commits = []

    def answer(message):
        if message["commit"]:
            commits.append(message)
            if len(commits) == 1:
                yield committed("By its own VAD.")
                yield committed("The rest.")
            else:
                yield committed("")

    events, error = against(world, answer, SOUND)
    assert error is None
    assert texts(events) == ["By its own VAD.", "The rest."]


def test_an_answer_to_an_earlier_commit_is_not_taken_for_the_last_ones(world):
    """The answers come late: of silence first, then of the words at the end."""
    commits = []

    def answer(message):
        if message["commit"]:
            commits.append(message)
            if len(commits) == 2:
                yield committed("")
                yield committed("The end.")
            elif len(commits) > 2:
                yield committed("")

    async def scenario() -> Any:
        async with vendor(world, answer):
            sent = asyncio.Event()

            async def live():
                yield bytes(16000)
                await sent.wait()
                yield bytes(16000)

            transcription = listen(live(), world, commit="manual")
            await until_async(lambda: transcription._fresh)
            await transcription.commit()
            sent.set()
            return await until_the_end(transcription)

    events, error = run(scenario())
    assert (texts(events), error) == (["The end."], None)


@pytest.mark.parametrize("reason", ["commit_throttled", "insufficient_audio_activity"])
def test_a_last_commit_that_has_nothing_new_is_no_error(world, reason):
    def answer(message):
        if message["commit"]:
            yield committed("By its own VAD.")
            yield {"message_type": reason, "error": "Nothing new."}
            yield 1008

    events, error = against(world, answer, SOUND)
    assert (events, error) == ([Committed("By its own VAD.")], None)


def test_a_commit_never_has_less_sound_than_the_vendor_asks_for(world):
    received: list[dict] = []

    def answer(message):
        received.append(message)
        if message["commit"]:
            yield committed("Yes." if len([m for m in received if m["commit"]]) == 1 else "")

    events, error = against(world, answer, [bytes(640)], commit="manual", previous_text="Ready?")
    assert (texts(events), error) == (["Yes."], None)
    sound, fresh = [], 0
    for message in received:
        fresh += len(base64.b64decode(message["audio_base_64"]))
        if message["commit"]:
            sound.append(fresh)
            fresh = 0
    assert min(sound) >= 0.3 * 2 * RATE
    assert [message.get("previous_text") for message in received[:2]] == ["Ready?", None]


def test_a_repeated_partial_is_told_once_and_a_second_copy_never(world):
    def answer(message):
        yield partial("Hello")
        if message["commit"]:
            yield {"message_type": "committed_transcript", "text": "Hello"}
            yield committed("Hello" if message["audio_base_64"] == "" else "")

    events, _ = against(world, answer, SOUND)
    assert events[0] == Partial("Hello")
    assert len([event for event in events if event == Partial("Hello")]) <= 2


def test_a_vendor_that_answers_nothing_is_given_up(world, monkeypatch):
    monkeypatch.setattr(realtime, "PATIENCE", 0.05)
    _, error = against(world, lambda _message: [partial("Hello")], SOUND)
    assert error.uncommitted == "Hello"
    assert "did not answer" in str(error)


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "told"),
    [
        ((b"sound",), {}, TypeError, r"such as \[clip\]"),
        ((5,), {}, TypeError, "iterable"),
        (([],), {"rate": 11025}, ValueError, "16000"),
        (([],), {"commit": "often"}, ValueError, "'manual'"),
        (([],), {"silence": 500}, ValueError, "write 0.5"),
        (([],), {"silence": 0.1}, ValueError, "from 0.3 to 3"),
        (([],), {"keyterms": "order"}, TypeError, "list"),
        (([], "https://api.elevenlabs.io"), {}, TypeError, "connect"),
    ],
)
def test_a_mistaken_argument_is_refused_at_once(world, arguments, options, kind, told):
    async def scenario() -> None:
        given = (*arguments, world)[:2]
        listen(*given, **options)

    with pytest.raises(kind, match=told):
        asyncio.run(scenario())


@pytest.mark.parametrize(
    ("sound", "kind", "told"),
    [
        (["text"], TypeError, "PCM16"),
        ([Clip(bytes(640), 8000)], ValueError, "rate=8000"),
        ([b"RIFF" + bytes(640)], AudioError, "WAV"),
    ],
)
def test_a_frame_that_is_no_sound_is_refused_where_it_is_read(world, sound, kind, told):
    async def scenario() -> None:
        await events_of(sound, world)

    with pytest.raises(kind, match=told):
        run(scenario())


def test_it_needs_a_running_loop(world):
    with pytest.raises(RuntimeError, match="event loop"):
        listen([], world)


def test_a_vendor_that_is_not_there_is_one_error_without_the_key(world):
    world.elevenlabs_url = "http://127.0.0.1:9"

    async def scenario() -> tuple[list[Any], Any]:
        return await until_the_end(listen(SOUND, world))

    events, error = run(scenario())
    assert events == []
    assert "could not be reached at http://127.0.0.1:9" in str(error)
    assert world.elevenlabs_key.reveal() not in repr(error)


def test_a_warning_is_told_and_blamed_for_nothing(world):
    def answer(message):
        if message["commit"]:
            yield {"message_type": "warning", "warning": "The model is old."}
            yield 1011

    events, error = against(world, answer, SOUND)
    assert events == [Problem("warning", "The model is old.")]
    assert error.reason == "dropped"
    assert "1011: as planned" in str(error)
