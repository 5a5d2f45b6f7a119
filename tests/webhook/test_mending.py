"""Streams and histories with something wrong in them that has one meaning all the same."""

from __future__ import annotations

import json
import random

import pytest

from voicekit.webhook import ToolCall, relay, webhook
from voicekit.webhook.mending import Halves, dumps, loads, mended
from voicekit.webhook.turn import Turn

APOLOGY = "Sorry."


def event(delta, finish=None, **fields) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return (
        b"data: " + json.dumps({"id": "theirs", "choices": [choice], **fields}).encode() + b"\n\n"
    )


ROLE = event({"role": "assistant", "content": ""})
STOP = event({}, "stop")
DONE = b"data: [DONE]\n\n"


def answering(*blocks: bytes):
    """A webhook whose answer is another server's blocks of bytes."""

    async def answer(_turn):
        for block in blocks:
            yield block

    return webhook(answer, apology=APOLOGY)


def call_of(fragment) -> bytes:
    return event({"tool_calls": [fragment]})


def calls_of(asked, *blocks: bytes):
    """Index, id, name and arguments of each call, put together by the index as clients do."""
    answer = asked(answering(ROLE, *blocks, event({}, "tool_calls"), DONE))
    assert answer.events[-1] == "[DONE]"
    calls: dict[int, list] = {}
    for delta in answer.deltas:
        for part in delta.get("tool_calls") or ():
            assert type(part["index"]) is int
            call = calls.setdefault(part["index"], ["", "", ""])
            call[0] += part.get("id") or ""
            call[1] += part["function"].get("name") or ""
            call[2] += part["function"].get("arguments") or ""
    return [(index, *call) for index, call in sorted(calls.items())]


# --- tool calls ---


@pytest.mark.parametrize("index", [None, "0", 0, 7, "x", 0.0, True, [], {}, "missing"])
def test_a_call_is_read_whatever_its_index(asked, index):
    fragment = {"index": index, "id": "a", "function": {"name": "find", "arguments": "{"}}
    more = {"index": index, "function": {"arguments": "}"}}
    if index == "missing":
        del fragment["index"], more["index"]
    assert calls_of(asked, call_of(fragment), call_of(more)) == [(0, "a", "find", "{}")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"index": 0, "id": "a"}, {"index": 1, "id": "b"}),
        ({"index": None, "id": "a"}, {"index": None, "id": "b"}),
        ({"index": 0, "id": "a"}, {"index": 0, "id": "b"}),
        ({"index": "0", "id": "a"}, {"index": "1", "id": "b"}),
        ({"index": 1, "id": "a"}, {"index": 2, "id": "b"}),
        ({"id": "a"}, {"id": "b"}),
    ],
)
def test_two_calls_stay_two(asked, first, second):
    blocks = [
        call_of({**fragment, "function": {"name": name, "arguments": "{}"}})
        for fragment, name in ((first, "f"), (second, "g"))
    ]
    assert calls_of(asked, *blocks) == [(0, "a", "f", "{}"), (1, "b", "g", "{}")]
    both = event({"tool_calls": [
        {**fragment, "function": {"name": name, "arguments": "{}"}}
        for fragment, name in ((first, "f"), (second, "g"))
    ]})  # fmt: skip
    assert calls_of(asked, both) == [(0, "a", "f", "{}"), (1, "b", "g", "{}")]


@pytest.mark.parametrize("missing", [None, "", "absent"])
def test_calls_without_ids_get_one_each(asked, missing):
    fragment = {"index": 0, "id": missing, "function": {"name": "f", "arguments": "{}"}}
    if missing == "absent":
        del fragment["id"]
    first, second = calls_of(asked, call_of(fragment), call_of(fragment))
    assert (first[2:], second[2:]) == (("f", "{}"), ("f", "{}"))
    assert first[1] != second[1]
    assert first[1].startswith("call_")


@pytest.mark.parametrize("arguments", [{"a": 1}, '{"a": 1}'])
def test_arguments_may_come_as_an_object(asked, arguments):
    fragment = {"index": 0, "id": "a", "function": {"name": "f", "arguments": arguments}}
    ((_, _, _, sent),) = calls_of(asked, call_of(fragment))
    assert json.loads(sent) == {"a": 1}


# --- nothing ---

NOTHING = {
    "done": [DONE],
    "no byte": [],
    "comments": [b": ping\n\n", b": ping\n\n", DONE],
    "role": [ROLE, STOP, DONE],
    "stop": [STOP, DONE],
    "empty text": [event({"content": ""}), STOP, DONE],
    "null text": [event({"content": None}), STOP, DONE],
    "white space": [event({"content": " \n"}), STOP, DONE],
    "no choices": [b'data: {"choices": []}\n\n', STOP, DONE],
    "usage": [b'data: {"choices": [], "usage": {"total_tokens": 1}}\n\n', STOP, DONE],
    "filter": [b'data: {"choices": [{"index": 0, "content_filter_results": {}}]}\n\n', STOP, DONE],
    "no calls": [event({"tool_calls": []}), STOP, DONE],
    "no data": [b"data:\n\n", b"\n\n\n", DONE],
    "reasoning": [event({"reasoning_content": "Hm"}), event({}, "length"), DONE],
    "no end": [ROLE],
    "one event": [event({"role": "assistant", "content": ""}, "stop"), DONE],
}


@pytest.mark.parametrize("blocks", NOTHING.values(), ids=NOTHING)
@pytest.mark.parametrize("whole", [False, True])
def test_nothing_is_a_word_to_the_caller_and_a_line_in_the_log(asked, blocks, whole):
    app = answering(b"".join(blocks)) if whole else answering(*blocks)
    answer = asked(app)
    assert answer.text.strip() == APOLOGY
    assert answer.finish is None  # or a client would stop before it has heard the apology
    assert answer.events[-1]["error"]["code"] in ("empty", "dropped")
    assert len([delta for delta in answer.deltas if "role" in delta]) == 1
    assert app.log[-1].note
    assert app.log[-1].finish.startswith("error: ")


def test_nothing_is_told_apart_in_the_log(asked):
    app = answering(*NOTHING["reasoning"])
    asked(app)
    assert "reasoning" in app.log[-1].note
    app = answering(event({}, "content_filter"), DONE)
    asked(app)
    assert "filter" in app.log[-1].note


@pytest.mark.parametrize("said", [None, "", (), [""]])
def test_an_own_answer_that_says_nothing_is_apologised_for_too(asked, said):
    assert asked(webhook(lambda _turn: said, apology=APOLOGY)).text == APOLOGY


def test_without_a_stream_nothing_is_an_error(asked):
    answer = asked(answering(STOP, DONE), stream=False)
    assert (answer.status, answer.json["error"]["code"]) == (502, "empty")


def test_a_reason_that_comes_before_the_words_does_not_lose_them(asked):
    answer = asked(answering(ROLE, STOP, event({"content": "Hello."}), DONE))
    assert (answer.text, answer.finish) == ("Hello.", "stop")


# --- what is passed over ---


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": [{"index": 0, "content_filter_results": {"hate": {"filtered": False}}}]},
        {"choices": [{"index": 0, "delta": None, "content_filter_offsets": {}}]},
        {"choices": [{"index": 0, "finish_reason": None}]},
    ],
)
def test_a_chunk_without_a_delta_is_passed_over_and_not_passed_on(asked, chunk):
    between = b"data: " + json.dumps(chunk).encode() + b"\n\n"
    blocks = [ROLE, event({"content": "Hello, "}), between, event({"content": "Ada."}), STOP, DONE]
    answer = asked(answering(*blocks))
    assert answer.text == "Hello, Ada."
    assert answer.body == b"".join(block for block in blocks if block is not between)


def test_a_reason_or_counts_without_a_delta_are_given_one(asked):
    stop = b'data: {"choices": [{"index": 0, "finish_reason": "stop"}]}\n\n'
    counts = b'data: {"choices": [{"index": 0}], "usage": {"total_tokens": 9}}\n\n'
    answer = asked(answering(ROLE, event({"content": "Hi."}), counts, stop, DONE))
    assert (answer.text, answer.finish) == ("Hi.", "stop")
    assert answer.events[-1] == "[DONE]"


# --- line endings, marks, comments, cuts ---

STREAM = [ROLE, event({"content": "Hello, "}), event({"content": "Zoë 🎉."}), STOP, DONE]
FORMS = {
    "lf": b"".join(STREAM),
    "cr": b"".join(STREAM).replace(b"\n", b"\r"),
    "crlf": b"".join(STREAM).replace(b"\n", b"\r\n"),
    "mixed": b"".join(e.replace(b"\n", end) for e, end in zip(
        STREAM, [b"\r", b"\r\n", b"\n", b"\r", b"\r\n"], strict=True)),
    "lf after cr": b"".join(e[:-2] + b"\n\r" for e in STREAM),
    "mark": b"\xef\xbb\xbf" + b"".join(STREAM),
    "mark and cr": b"\xef\xbb\xbf" + b"".join(STREAM).replace(b"\n", b"\r"),
    "comments": b": hello\n\n" + b"".join(b": x\nid: 1\nretry: 5\n" + e for e in STREAM),
    "no space": b"".join(STREAM).replace(b"data: ", b"data:"),
    "lines": b"".join(STREAM).replace(b', "choices"', b'\ndata: , "choices"'),
    "no last line": b"".join(STREAM)[:-1],
    "no last lines": b"".join(STREAM)[:-2],
    "no last cr": b"".join(STREAM).replace(b"\n", b"\r")[:-1],
}  # fmt: skip


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS)
def test_the_text_is_the_same_however_events_end_and_blocks_are_cut(asked, data):
    chance = random.Random(1)
    cuts = [[data], [data[i : i + 1] for i in range(len(data))]]
    for _ in range(8):
        places = sorted(chance.sample(range(len(data)), 9))
        cuts.append([data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)])
    for blocks in cuts:
        answer = asked(answering(*blocks))
        assert answer.text == "Hello, Zoë 🎉."
        assert (answer.finish, answer.events[-1]) == ("stop", "[DONE]")


def test_an_event_that_ends_in_bare_crs_is_passed_on_at_once(asked):
    seen = []

    async def answer(_turn):
        for block in STREAM:
            yield block.replace(b"\n", b"\r")
            seen.append(len(app.log[-1].finish))

    app = webhook(answer)
    answer_ = asked(app)
    assert len(answer_.blocks) == len(STREAM)  # each in a block of its own, none held back


# --- half characters, and what is no number ---


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (['"Hi \\ud83d"', '"\\ude00."'], "Hi 😀."),
        (['"\\ud83d"', '""', '"\\ude00"'], "😀"),
        (['"Hi \\ud83d"', '" there"'], "Hi \ufffd there"),
        (['"Hi \\ude00"', '" there"'], "Hi \ufffd there"),
        (['"Hi \\ud83d"'], "Hi \ufffd"),
        (['"\\ud83d\\ud83d"', '"\\ude00"'], "\ufffd😀"),
        ([b'"Zo\xc3"', b'"\xab"'], "Zoë"),
        ([b'"\xf0\x9f"', b'"\x8e"', b'"\x89"'], "🎉"),
        ([b'"Zo\xff"', b'"e"'], "Zo\ufffde"),
    ],
)
def test_halves_of_a_character_are_joined_and_one_alone_is_replaced(asked, parts, text):
    blocks = []
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode()
        blocks.append(b'data: {"id": "theirs", "choices": [{"delta": {"content": %b}}]}\n\n' % raw)
    answer = asked(answering(ROLE, *blocks, STOP, DONE))
    assert answer.text == text
    assert b'\\ud83d"' not in answer.body
    assert {chunk["id"] for chunk in answer.events[:-1]} == {"theirs"}


def test_halves_in_an_own_answers_tokens_are_joined_too(asked):
    async def answer(_turn):
        yield "Hi \ud83d"
        yield "\ude00"
        yield "\ud83d"

    assert asked(webhook(answer)).text == "Hi 😀\ufffd"
    assert asked(webhook(answer), path="/llm-webhook").body.decode() == "Hi 😀\ufffd"
    assert asked(webhook(answer), stream=False).json["choices"][0]["message"]["content"] == (
        "Hi 😀\ufffd"
    )


def test_halves_in_a_calls_arguments_are_joined(asked):
    first = b'{"index": 0, "id": "a", "function": {"name": "f", "arguments": "[\\"\\ud83d"}}'
    second = b'{"index": 0, "function": {"arguments": "\\ude00\\"]"}}'
    blocks = [
        b'data: {"choices": [{"delta": {"tool_calls": [%b]}}]}\n\n' % c for c in (first, second)
    ]
    ((_, _, _, arguments),) = calls_of(asked, *blocks)
    assert json.loads(arguments) == ["😀"]


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_is_no_number_goes_out_as_null(asked, number):
    chunk = b'data: {"id": "theirs", "choices": [{"delta": {"content": "Hi."}, "logprobs": '
    answer = asked(answering(ROLE, chunk + b'{"p": %b}}]}\n\n' % number, STOP, DONE))
    assert answer.text == "Hi."
    assert answer.body.count(b"NaN") + answer.body.count(b"Infinity") == 0
    (choice,) = answer.events[1]["choices"]
    assert choice["logprobs"] == {"p": None}


def test_an_own_chunk_may_hold_them_too_and_an_own_call_may_not(asked):
    async def chunks(_turn):
        yield {"choices": [{"delta": {"content": "Hi."}, "logprobs": float("nan")}]}
        yield {"choices": [{"delta": {}, "finish_reason": "stop"}]}

    assert asked(webhook(chunks)).events[-1] == "[DONE]"

    async def call(_turn):
        yield ToolCall("f", {"x": float("nan")})

    app = webhook(call, apology=APOLOGY)
    assert asked(app).text == APOLOGY
    assert app.log[-1].finish == "error: ValueError"


# --- histories ---


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"messages": [{"role": "user", "content": "Hi \\ud83d"}]}', "Hi \ufffd"),
        (b'{"messages": [{"role": "user", "content": "\\ude00 Hi"}]}', "\ufffd Hi"),
        (b'{"messages": [{"role": "user", "content": "\\ud83d\\ud83d\\ude00"}]}', "\ufffd😀"),
        (b'{"messages": [{"role": "user", "content": "a\\\\ud83d"}]}', "a\\ud83d"),
        (b'{"messages": [{"role": "user", "content": "a\\\\\\ud83d"}]}', "a\\\ufffd"),
        (b'{"messages": [{"role": "user", "content": "Zo\xff"}]}', "Zo\ufffd"),
        (b'{"messages": [{"role": "user", "content": "\xf0\x9f"}]}', "\ufffd"),
        (b'\xef\xbb\xbf{"messages": [{"role": "user", "content": "Zo\xc3\xab"}]}', "Zoë"),
        (b'\xef\xbb\xbf{"messages": [{"role": "user", "content": "Zo\xff"}]}', "Zo\ufffd"),
        ('{"messages": [{"role": "user", "content": "Zoë"}]}'.encode("utf-16"), "Zoë"),
        (b'{"messages": [{"role": "user", "content": "\xef\xbb\xbfHi"}]}', "\ufeffHi"),
        (b'{"messages": [{"role": "user", "content": [{"text": "\\ud83d"}]}]}', "\ufffd"),
    ],
)  # fmt: skip
def test_half_characters_in_a_history_are_replaced_and_the_turn_answered(asked, body, said):
    seen = []

    async def answer(turn):
        seen.append(turn)
        yield turn.said

    for _ in range(2):  # now and at every later turn
        streamed = body.replace(b'{"messages"', b'{"stream": true, "messages"')
        got = asked(webhook(answer), streamed if streamed != body else body)
        assert got.status == 200
    assert seen[0].said == said
    assert seen[0].key == seen[1].key
    json.dumps(relay("http://host/v1").body(seen[0]), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xef\xbb\xbf", b"{",
        b'{"messages": NaN}', b"[" * 100_000, b"\xff\xfe", b"null", b"[]",
        b'{"messages": [{"role": "user", "content": "Hi"}], "temperature": NaN}',
        b'{"messages": [{"role": "user", "content": "Hi"}], "temperature": Infinity}',
        b'{"messages": [{"role": "\\ud83d"}]',
    ],
)  # fmt: skip
def test_what_is_no_request_is_still_refused_in_words(asked, body):
    answer = asked(webhook(lambda _turn: "Hi."), body)
    assert answer.status == 400
    assert answer.json["error"]["message"]


# --- one field, two names ---


@pytest.mark.parametrize(
    ("ours", "theirs", "sent"),
    [
        ({"max_completion_tokens": 150}, {"max_tokens": 90}, {"max_completion_tokens": 150}),
        ({"max_tokens": 150}, {"max_completion_tokens": 90}, {"max_tokens": 150}),
        ({"max_tokens": 150}, {"max_tokens": 90}, {"max_tokens": 150}),
        ({}, {"max_tokens": 90}, {"max_tokens": 90}),
        ({}, {"max_tokens": 90, "max_completion_tokens": 80}, {"max_completion_tokens": 80}),
        ({}, {"max_tokens": 90, "max_completion_tokens": None}, {"max_tokens": 90}),
        ({"max_completion_tokens": 150}, {"max_tokens": None}, {"max_completion_tokens": 150}),
        ({"tools": [{"x": 1}]}, {"functions": [{"y": 1}]}, {"tools": [{"x": 1}]}),
        ({"parallel_tool_calls": False}, {"tools": []}, {}),
        ({"tool_choice": "auto"}, {"tools": None}, {}),
        ({}, {"tools": [{"x": 1}], "tool_choice": "auto", "function_call": "auto"},
         {"tools": [{"x": 1}], "tool_choice": "auto"}),
        ({"reasoning_effort": "none"}, {"max_tokens": 90, "temperature": 0.1},
         {"reasoning_effort": "none", "max_completion_tokens": 90, "temperature": 0.1}),
        ({"reasoning_effort": "low"}, {"max_tokens": 90, "temperature": 0.1, "top_p": 1},
         {"reasoning_effort": "low", "max_completion_tokens": 90}),
        ({"reasoning_effort": "none", "max_tokens": 150}, {"max_completion_tokens": 90},
         {"reasoning_effort": "none", "max_completion_tokens": 150}),
    ],
)  # fmt: skip
def test_of_two_names_for_one_field_one_goes_upstream(ours, theirs, sent):
    turn = Turn({"messages": [{"role": "user", "content": "Hi"}], "model": "m", **theirs})
    body = relay("http://host/v1", **ours).body(turn)
    fixed = {"messages": turn.messages, "model": "m", "stream": True}
    assert body == {**fixed, **sent}


# --- the parts ---


def test_mending_leaves_what_is_sound_as_it_is():
    sound = '{"a": "Zoë 🎉 \\ud83d\\ude00 \\\\ud83d \\n \\" \\u00e9", "b": [1, 2.5, null]}'
    assert mended(sound.encode()).decode() == sound
    assert loads(sound.encode()) == json.loads(sound)
    assert json.loads(dumps(json.loads(sound))) == json.loads(sound)


def test_halves_of_several_texts_are_kept_apart():
    halves = Halves()
    assert (halves.take("a", "x\ud83d"), halves.take("b", "y\ud83c")) == ("x", "y")
    assert halves.held
    assert (halves.take("a", "\ude00"), halves.take("b", "\udf89")) == ("😀", "🎉")
    assert not halves.held
    assert halves.rest("a") == ""
