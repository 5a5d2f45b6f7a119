"""The reference loop: what is heard, kept and lost when callers interrupt or vendors fail."""

from __future__ import annotations

import asyncio
import itertools

import pytest
import virtual_time
from interrupted_calls import COUGH, WORD, Call, read

import voicekit
from voicekit import Caller, Line, Pipeline
from voicekit.errors import SpeechError, TranscriptionError
from voicekit.turns import Interruption, TurnDetector


def interruptions(seed: int, fails: float = 0.0) -> int:
    """Have a random call; return how often it was interrupted."""
    call = Call(seed, fails=fails)
    try:
        virtual_time.run(call.run())
        call.check()
        call.check_caller()
    except Exception as error:
        raise AssertionError(f"Call({seed}, fails={fails}) of interrupted_calls.py") from error
    return sum(turn.interrupted for turn in call.pipeline.turns)


def test_interruptions_lose_nothing_and_double_nothing():
    assert sum(interruptions(seed) for seed in range(6)) >= 20


@pytest.mark.extended
def test_ten_thousand_interruptions():
    seeds, count = itertools.count(1000), 0
    while count < 10_000:
        count += interruptions(next(seeds))


def test_a_false_interruption_resumes_at_the_word_that_was_cut():
    call = Call(0, lines=1)

    async def caller():
        call.pipeline._detector.endpointer.barge_in.settings = Interruption(hold=0.15)
        call.say(8000, 1.0)
        while call.audio.played < 0.5:  # noqa: ASYNC110  the clock brings it, nobody tells
            await asyncio.sleep(0.01)
        call.say(COUGH, 0.3)
        call.audio.over = True

    call.caller = caller
    virtual_time.run(call.run())
    call.check()
    words = read(call.audio.speaker.clip())
    (cut,) = (at for at, word in enumerate(words) if len(word) < WORD)
    assert words[cut + 1].startswith(words[cut])
    (turn,) = call.pipeline.turns
    assert (turn.interrupted, turn.heard) == (False, turn.generated)


def test_failures_of_the_llm_and_the_tts_are_apologised_for():
    call = Call(3, fails=0.03)
    virtual_time.run(call.run())
    call.check_tools(call.pipeline.history)
    call.check_caller()
    failed = [turn for turn in call.pipeline.turns if turn.problem]
    assert {type(turn.problem) for turn in failed} == {RuntimeError, SpeechError}


def test_an_answer_that_cannot_even_begin_is_apologised_for():
    call = Call(2, lines=1)

    def answer(_history):
        raise ConnectionError("no LLM")

    call.answer = answer
    virtual_time.run(call.run())
    assert {type(turn.problem) for turn in call.pipeline.turns} == {ConnectionError}
    assert call.pipeline.history[-1]["content"].startswith("I am sorry")


def test_a_failure_of_the_asr_ends_the_call_with_an_apology_and_its_error():
    call = Call(1, lines=3)

    async def talk():
        call.open()
        listen = call.pipeline._listen

        def failing(frames):
            ears = listen(frames)
            ears.fails_after = 2.0
            return ears

        call.pipeline._listen = failing
        async with asyncio.TaskGroup() as tasks:
            speaking = tasks.create_task(call.caller())
            with pytest.raises(TranscriptionError, match="gone"):
                await call.pipeline.talk(call.audio)
            speaking.cancel()

    virtual_time.run(talk())
    assert call.pipeline.turns[-1].generated.startswith("I am sorry")
    assert call.pipeline.history[0]["content"] == call.lines[0]


async def cancel(seed: int) -> Call:
    """Cancel a call at a random moment, as a kernel does; nothing may go on behind it."""
    call = Call(seed, lines=4)
    work = asyncio.create_task(call.run())
    await asyncio.sleep(call.random.uniform(0, 12))
    work.cancel()
    await asyncio.wait({work})
    for _ in range(20):  # an utterance hangs up behind its `cancel`
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert (left, call.voice.open) == (set(), set()), f"cancel({seed})"
    call.check()
    return call


def test_nothing_is_left_of_a_call_that_is_cancelled():
    for seed in range(20):
        virtual_time.run(cancel(seed))


@pytest.mark.extended
def test_nothing_is_left_of_a_thousand_calls_in_one_loop():
    async def all_of_them():
        for seed in range(1000):
            await cancel(seed)

    virtual_time.run(all_of_them())


@pytest.mark.parametrize(("seconds", "result"), [(5, "done"), (60, "not known")])
def test_a_tool_that_runs_may_end_when_the_call_is_cancelled(seconds, result):
    async def cancelled() -> list[dict[str, object]]:
        call = Call(0, lines=1)
        running = asyncio.Event()

        async def answer(_history):
            yield {"role": "assistant", "tool_calls": [{"id": "one"}]}
            running.set()
            await asyncio.sleep(seconds)
            yield {"role": "tool", "tool_call_id": "one", "content": "done"}
            raise AssertionError("nobody listens any more")

        call.answer = answer
        work = asyncio.create_task(call.run())
        await running.wait()
        work.cancel()
        await asyncio.wait({work})
        return call.pipeline.history

    *_, asked, answered = virtual_time.run(cancelled())
    assert (asked["tool_calls"], answered["tool_call_id"]) == ([{"id": "one"}], "one")
    assert result in answered["content"]


@pytest.mark.extended
def test_a_caller_interrupts_the_stand_ins_voices():
    pipeline = asyncio.run(talk_to_the_stand_in())
    cut, whole = pipeline.turns
    assert [message["role"] for message in pipeline.history] == ["user", "assistant"] * 2
    assert cut.interrupted
    assert cut.generated.startswith(cut.heard.strip())
    assert 0 < len(cut.heard) < len(cut.generated)
    assert (whole.interrupted, whole.heard.strip()) == (False, whole.generated.strip())
    assert whole.timeline.answered


async def talk_to_the_stand_in() -> Pipeline:
    world = voicekit.connect(profile="instant", offline=True)
    client = world.async_openai()

    def answer(history):
        return client.chat.completions.create(model="gpt-6-luna", messages=history, stream=True)

    def listen(frames):
        return voicekit.listen(frames, world, commit="manual")

    lines = ["What is your return policy?", Line("Wait. Can I get a refund?", over=1.5)]
    audio = Caller(lines, world, voice="nPczCjzI2devNBz1zQrb", patience=30)
    async with voicekit.Voice(world, rate=16000) as voice:
        detector = TurnDetector(eagerness="eager")
        pipeline = Pipeline(listen, answer, voice, detector=detector, speculate=True)
        await pipeline.talk(audio)
    await client.close()
    return pipeline
