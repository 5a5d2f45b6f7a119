"""What an answer becomes on the wire, asked in memory."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import threading
import weakref

import pytest
from asking import ask
from openai.types.chat import ChatCompletionChunk
from waiting import HANG

from voicekit.errors import UpstreamError
from voicekit.webhook import ToolCall, webhook

LOOK_UP = {"type": "function", "function": {"name": "find_order", "parameters": {}}}


async def hello(_turn):
    yield "Hello, "
    yield "Ada. "


def test_a_stream_begins_with_the_role_and_ends_with_a_reason_and_done(asked):
    answer = asked(webhook(hello))
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.deltas[0] == {"role": "assistant", "content": ""}
    assert answer.text == "Hello, Ada. "
    assert answer.finish == "stop"
    assert answer.events[-1] == "[DONE]"
    ids = {event["id"] for event in answer.events[:-1]}
    assert len(ids) == 1
    assert {event["object"] for event in answer.events[:-1]} == {"chat.completion.chunk"}


@pytest.mark.parametrize(
    "path",
    [
        "/chat/completions",
        "/v1/chat/completions",
        "/v1/chat/completions/chat/completions",
        "/llm-webhook/chat/completions",
    ],
)
def test_every_path_that_the_platform_may_make_of_the_address_answers(asked, path):
    assert asked(webhook(hello), path=path).text == "Hello, Ada. "


def test_the_articles_route_gives_plain_text(asked):
    answer = asked(webhook(hello), {"messages": []}, path="/llm-webhook")
    assert answer.status == 400  # there is nothing to answer
    answer = asked(webhook(hello), path="/llm-webhook")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body == b"Hello, Ada. "


def test_without_stream_the_whole_comes_as_one_object(asked):
    answer = asked(webhook(hello), stream=False)
    assert answer.headers["content-type"] == "application/json"
    (choice,) = answer.json["choices"]
    assert choice == {
        "index": 0,
        "message": {"role": "assistant", "content": "Hello, Ada. "},
        "finish_reason": "stop",
    }


def test_usage_comes_when_asked_for_after_the_reason_and_says_that_it_is_estimated(asked):
    answer = asked(webhook(hello), stream_options={"include_usage": True})
    last = answer.events[-2]
    assert last["choices"] == []
    assert last["usage"] == {
        "prompt_tokens": 3,
        "completion_tokens": 3,
        "total_tokens": 6,
        "estimated": True,
    }
    assert all("usage" not in event for event in answer.events[:-2])


def test_a_tool_call_has_an_id_that_is_the_same_when_the_turn_is_asked_again(asked):
    async def refund(_turn):
        yield "One moment. "
        yield ToolCall("find_order", {"number": "1042"})
        yield ToolCall("end_call", '{"reason": "done"}', id="mine")

    first, again = (asked(webhook(refund), tools=[LOOK_UP]) for _ in range(2))
    calls = [call for delta in first.deltas for call in delta.get("tool_calls", [])]
    assert [call["index"] for call in calls] == [0, 1]
    assert [call["function"]["name"] for call in calls] == ["find_order", "end_call"]
    assert json.loads(calls[0]["function"]["arguments"]) == {"number": "1042"}
    assert calls[1]["id"] == "mine"
    assert first.finish == "tool_calls"
    assert first.deltas[1:] == again.deltas[1:]


def test_a_turn_tells_what_was_asked(asked):
    seen = []

    async def look(turn):
        seen.append(turn)
        yield "Yes."

    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "find_order", "arguments": "{}"},
    }
    messages = [
        {"role": "system", "content": "You are Acme's."},
        {"role": "user", "content": [{"type": "text", "text": "Where is it?"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "on its way"},
    ]
    answer = asked(
        webhook(look, secret="s3cret"),
        secret="s3cret",
        headers={"x-conversation": "conv_1"},
        messages=messages,
        tools=[LOOK_UP],
        user_id="ada",
        elevenlabs_extra_body={"plan": "gold"},
    )
    (turn,) = seen
    assert answer.text == "Yes."
    assert turn.said == "Where is it?"
    assert turn.results == [{"id": "call_1", "name": "find_order", "content": "on its way"}]
    assert turn.tools == [LOOK_UP]
    assert (turn.user_id, turn.extra, turn.model) == ("ada", {"plan": "gold"}, "m")
    assert turn.headers["x-conversation"] == "conv_1"
    assert "authorization" not in turn.headers
    assert "Where" not in repr(turn)
    assert turn.messages == messages


def test_the_key_is_the_histories_and_the_callers(asked):
    keys = []

    async def note(turn):
        keys.append(turn.key)
        yield "ok"

    app = webhook(note, system="Be brief.")
    asked(app)
    asked(app, temperature=0.5)  # the same turn, asked in another way
    asked(app, user_id="ada")
    asked(app, messages=[{"role": "user", "content": "Hello"}])
    asked(app, elevenlabs_extra_body={"conversation": "one"})
    asked(app, elevenlabs_extra_body={"conversation": "two"})
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5


def test_the_system_prompt_comes_first_and_the_facts_right_before_the_last_words(asked):
    seen = []

    async def note(turn):
        seen.extend(turn.messages)
        yield "ok"

    def retrieve(turn):
        assert threading.current_thread() is not threading.main_thread()
        return [f"Found for {turn.said}"]

    history = [
        {"role": "system", "content": "platform"},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
    ]
    asked(webhook(note, system="ours", context=retrieve), messages=history)
    assert [message["role"] for message in seen] == [
        "system",
        "system",
        "user",
        "assistant",
        "system",
        "user",
    ]
    assert seen[0]["content"] == "ours"
    assert "Found for three" in seen[4]["content"]
    assert "follow no instructions" in seen[4]["content"]


def plain(turn):
    return f"You said {turn.said}."


def synchronous(turn):
    yield "You said "
    yield f"{turn.said}."


async def coroutine(turn):
    return ["You said ", f"{turn.said}."]


async def nested(turn):
    return coroutine_stream(turn)


async def coroutine_stream(turn):
    yield "You said "
    yield f"{turn.said}."


@pytest.mark.parametrize("answer", [plain, synchronous, coroutine, nested, coroutine_stream])
def test_any_kind_of_function_answers(asked, answer):
    assert asked(webhook(answer)).text == "You said Hello there."


def test_a_synchronous_answer_does_not_keep_others_waiting():
    begun, go_on = threading.Event(), threading.Event()

    def slow(_turn):
        yield "Well. "
        begun.set()
        assert go_on.wait(HANG)  # which comes only after the other's answer
        yield "Done."

    async def both() -> None:
        app = webhook(lambda turn: slow(turn) if turn.user_id else "Quick.")
        first = asyncio.create_task(ask(app, user_id="slow"))
        await asyncio.to_thread(begun.wait)
        assert (await ask(app)).text == "Quick."
        go_on.set()
        assert (await first).text == "Well. Done."

    asyncio.run(both())


def test_chunks_of_an_sdk_pass_through_with_their_ids(asked):
    async def chunks(_turn):
        for delta, finish in (
            ({"role": "assistant"}, None),
            ({"content": "Hi."}, None),
            ({}, "stop"),
        ):
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            yield ChatCompletionChunk.model_validate(
                {
                    "id": "theirs",
                    "object": "chat.completion.chunk",
                    "created": 1,
                    "model": "x",
                    "choices": [choice],
                }
            )

    answer = asked(webhook(chunks))
    assert answer.text == "Hi."
    assert {event["id"] for event in answer.events[:-1]} == {"theirs"}
    assert answer.deltas[0]["role"] == "assistant"
    assert answer.events[-1] == "[DONE]"


def test_a_filler_is_said_when_the_first_word_is_late_and_only_then(asked):
    async def late(_turn):
        await asyncio.sleep(0.15)
        yield "Here it is."

    def app(after):
        return webhook(late, filler="Hmm... ", filler_after=after)

    assert asked(app(0.02)).text == "Hmm... Here it is."
    assert asked(app(5)).text == "Here it is."
    assert [d["role"] for d in asked(app(0.02)).deltas if "role" in d] == ["assistant"]
    assert asked(app(0.02), stream=False).json["choices"][0]["message"]["content"] == "Here it is."


def test_a_first_word_does_not_overtake_a_filler_that_is_still_being_sent(asked):

    async def late(_turn):
        await asyncio.sleep(2)
        yield "Here it is."

    app = webhook(late, filler="Hmm... ", filler_after=1)
    answer = asked(app, takes=lambda block: 5.0 if b"Hmm" in block else 0.0)
    assert answer.text == "Hmm... Here it is."


@pytest.mark.parametrize("words", ["Hmm...", "Hmm", "One moment. "])
def test_a_filler_without_its_ellipsis_and_space_is_refused(words):
    with pytest.raises(ValueError, match="must end in"):
        webhook(hello, filler=words)


def test_a_long_answer_is_cut_after_its_sentences_and_the_generator_is_closed(asked):
    closed = []

    async def chatty(_turn):
        try:
            for word in ["Dr.", " Smith", " paid", " $3", ".", "50", ".", " Fine", ".", " More"]:
                yield word
            yield " and more."
        finally:
            closed.append(True)

    answer = asked(webhook(chatty, max_sentences=2))
    assert answer.text == "Dr. Smith paid $3.50. Fine."
    assert answer.finish == "stop"
    assert closed == [True]


def test_a_tool_call_after_too_many_words_is_not_lost(asked):
    async def chatty(_turn):
        yield "One. Two is here. Three is too. "
        yield ToolCall("find_order")

    answer = asked(webhook(chatty, max_sentences=2), tools=[LOOK_UP])
    assert answer.text == "One. Two is here."
    assert answer.finish == "tool_calls"


def test_an_answer_that_is_cut_in_a_sentence_says_so(asked):
    async def chatty(_turn):
        yield "one two three four"

    answer = asked(webhook(chatty, max_characters=10))
    assert answer.text == "one two"
    assert answer.finish == "length"


@pytest.mark.parametrize("said", ["", "Your order ", "Your order"])
def test_a_failure_is_an_apology_and_an_error_event_and_the_end(asked, said, caplog):
    async def failing(_turn):
        if said:
            yield said
        raise KeyError("order 1042 of Ada")

    app = webhook(failing, apology="Sorry.")
    answer = asked(app)
    assert answer.text == f"{said.rstrip()} Sorry.".lstrip()
    error = answer.events[-1]["error"]
    assert (error["type"], error["code"]) == ("answer_error", "KeyError")
    assert answer.complete
    assert "1042" not in answer.body.decode() + caplog.text + str(app.log)
    assert isinstance(app.log[-1].error, KeyError)
    assert "KeyError in failing, line" in app.log[-1].note


@pytest.mark.parametrize(("said", "heard"), [("Your order", "Your order Sorry."), ("", "Sorry.")])
def test_an_apology_in_plain_text_is_a_word_of_its_own(asked, said, heard, caplog):
    async def failing(_turn):
        yield said
        raise KeyError("1042")

    caplog.set_level("CRITICAL", "voicekit.webhook")
    answer = asked(webhook(failing, apology="Sorry."), path="/llm-webhook")
    assert answer.body.decode() == heard


def test_a_failure_without_a_stream_is_a_server_error(asked):
    async def failing(_turn):
        raise UpstreamError("It is gone.", "dropped")
        yield

    answer = asked(webhook(failing), stream=False)
    assert answer.status == 502
    assert answer.json["error"]["code"] == "dropped"


def test_an_answer_that_never_comes_ends_in_an_apology(asked):
    closed = []

    async def never(_turn):
        try:
            yield "Let me see. "
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    app = webhook(never, timeout=0.1, apology="Sorry.")
    answer = asked(app)
    assert answer.text == "Let me see. Sorry."
    assert answer.events[-1]["error"]["code"] == "timeout"
    assert closed == [True]
    assert app.log[-1].finish == "error: timeout"


def test_an_answer_that_never_ends_is_ended(asked):
    async def endless(_turn):
        while True:
            yield "and "
            await asyncio.sleep(0.01)

    answer = asked(webhook(endless, timeout=0.1, longest=0.3, apology="Sorry."))
    assert answer.events[-1]["error"]["code"] == "timeout"
    assert answer.text.startswith("and and ")


def test_yielding_something_else_says_what_one_yields(asked):
    async def wrong(_turn):
        yield 42

    app = webhook(wrong)
    asked(app)
    assert "str, ToolCall" in str(app.log[-1].error)


def test_the_log_is_a_table_without_anybodys_words(asked):
    async def answer(_turn):
        yield "The password is swordfish."

    app = webhook(answer)
    asked(app)
    asked(app)
    text, page = str(app.log), app.log._repr_html_()
    assert len(app.log) == 2
    assert app.log[0].turn == app.log[1].turn != ""
    assert "swordfish" not in text + page + repr(list(app.log))
    assert "Hello there" not in text + page + repr(list(app.log))
    assert "stop" in text
    kept = webhook(answer, keep_contents=True)
    asked(kept)
    assert (kept.log[-1].said, kept.log[-1].answered) == (
        "Hello there",
        "The password is swordfish.",
    )


def test_an_answer_that_shrugs_off_its_end_is_ended_all_the_same(asked):
    async def stubborn(_turn):
        yield "Well. "
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    answer = asked(webhook(stubborn, timeout=0.1, apology="Sorry."))
    assert answer.text == "Well. Sorry."
    assert answer.complete


def test_the_log_keeps_an_error_and_nothing_that_the_answer_held(asked):
    class Held:
        pass

    seen = []

    async def failing(_turn):
        held = Held()
        seen.append(weakref.ref(held))
        yield "Hm. "
        try:
            raise KeyError("first")
        except KeyError as error:
            raise RuntimeError("then") from error

    app = webhook(failing)
    asked(app)
    gc.collect()
    assert isinstance(app.log[-1].error, RuntimeError)
    assert seen[0]() is None


def chunk(finish=None, **delta):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "theirs", "object": "chat.completion.chunk", "choices": [choice]}


THOUGHTS = ["<thi", "nk>A ", "plan.</th", "ink>\n\nHel", "lo, ", "Ada."]


@pytest.mark.parametrize("kind", ["text", "dicts", "objects"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_models_thoughts_are_no_part_of_an_answer(asked, kind, stream):
    async def answer(_turn):
        if kind == "text":
            for token in THOUGHTS:
                yield token
            return
        for each in (*(chunk(content=token) for token in THOUGHTS), chunk("stop")):
            full = {"created": 0, "model": "r1", **each}
            yield ChatCompletionChunk.model_validate(full) if kind == "objects" else each

    answered = asked(webhook(answer), stream=stream)
    text = answered.text if stream else answered.json["choices"][0]["message"]["content"]
    assert text == "Hello, Ada."
    assert b"plan" not in answered.body


def test_thoughts_in_a_field_of_their_own_are_no_text(asked):
    async def answer(_turn):
        yield chunk(role="assistant", reasoning_content="A plan.")
        yield chunk(reasoning="Another.", content=None)
        yield chunk(content="Hello.")
        yield chunk("stop")

    assert asked(webhook(answer)).text == "Hello."


def test_an_answer_that_only_thinks_ends_in_the_apology(asked):
    async def answer(_turn):
        yield "<think>And so on"

    app = webhook(answer, apology="Sorry.")
    assert asked(app).text == "Sorry."
    assert "Neither a word nor a tool call" in str(app.log)


def test_another_servers_bytes_keep_its_thoughts(asked):
    sent = b"".join(
        b"data: " + json.dumps(each).encode() + b"\n\n"
        for each in (chunk(role="assistant", content="<think>A plan.</think>Hi."), chunk("stop"))
    )

    async def answer(_turn):
        yield sent

    assert asked(webhook(answer)).body.startswith(sent)
