"""Arguments that no tool can use are refused in words, whatever they are, and the turn goes on."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from acme import Desk, Tools, converse
from acme.conversing import Reply

DEEP = '{"order_id": ' * 5000 + "1" + "}" * 5000
GOOD = {
    "find_order": {"order_id": "1042"},
    "request_refund": {"order_id": "1042"},
    "send_email_or_sms": {"order_id": "1042", "channel": "email", "summary": "Thirty days."},
    "find_policy": {"question": "How long is the warranty?"},
}
NO_OBJECT = [
    "{", "[]", "null", "1", '"1042"', "true", "NaN", DEEP, "[" * 100_000, "\ud800", "not json",
    '{"order_id": NaN}', '{"order_id": -Infinity}', '{"order_id": 1' + "0" * 5000 + "}",
    '{"order_id": "1042", "order_id": "1043"}', '{"question": "a", "question": "b"}',
    '{"summary": {"a": 1, "a": 2}}', '{"\\ud800": 1}', '{"self": 1}', '{"__class__": 1}',
]  # fmt: skip
WRONG = [None, True, 1.5, 1e400, 10**400, [], ["1042"], {}, {"id": "1042"}, "\ud83d", "1" * 100_000]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    desk = Desk(tmp_path_factory.mktemp("desk") / "acme.db", today=date(2026, 11, 21))
    return desk.tools([{"role": "user", "content": "Hello"}])


def refusal(tools: Tools, name: str, arguments: str) -> str:
    """What the tool says is wrong; the result can be sent on as it is."""
    result = tools.run(name, arguments)
    json.dumps(result, ensure_ascii=False, allow_nan=False).encode()
    return str(result.get("error", ""))


@pytest.mark.parametrize("name", GOOD)
def test_arguments_that_fit_are_no_trouble(tools: Tools, name: str) -> None:
    assert refusal(tools, name, json.dumps(GOOD[name])) == ""


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("arguments", NO_OBJECT, ids=range(len(NO_OBJECT)))
def test_what_is_no_object_with_each_name_once_is_refused(
    tools: Tools, name: str, arguments: str
) -> None:
    assert refusal(tools, name, arguments).startswith("the arguments do not fit: ")


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", WRONG, ids=lambda value: ascii(value)[:12])
def test_a_value_of_another_kind_is_refused_or_read_as_text(
    tools: Tools, name: str, value: Any
) -> None:
    for argument in GOOD[name]:
        said = refusal(tools, name, json.dumps({**GOOD[name], argument: value}))
        assert said or isinstance(value, str)
        assert "1" * 50 not in said  # a refusal does not repeat what it was given


@pytest.mark.parametrize(
    "amount",
    [
        "1" * 400,
        "-1",
        "0",
        "1e308",
        "1e999",
        "-1e999",
        "true",
        '"42"',
        '"4\\u0662"',
        "[42]",
        "{}",
        "1e-9",
    ],
)
def test_an_amount_that_is_none_is_refused(tools: Tools, amount: str) -> None:
    arguments = f'{{"order_id": "1042", "amount": {amount}}}'
    said = refusal(tools, "request_refund", arguments)
    assert "amount: " in said or "at most $42.00" in said
    assert tools.question is None or "$42.00" in tools.question


@pytest.mark.parametrize(
    "number", ["10\uff142", "\u0661\u0660\u0664\u0662", "1042\u00b2", "10\u0664\u0662"]
)
def test_an_orders_number_in_other_digits_is_none(tools: Tools, number: str) -> None:
    said = refusal(tools, "find_order", json.dumps({"order_id": number}))
    assert (said == "" and number.startswith("1042")) or "four digits" in said


def test_an_orders_number_may_come_as_a_number(tools: Tools) -> None:
    assert "travel mug" in tools.run("find_order", '{"order_id": 1042}')["message"]


def test_a_tool_that_is_not_there_is_named_in_words(tools: Tools) -> None:
    assert "was not run" in refusal(tools, "\ud800" + "x" * 10_000, "{}")


# --- the turn goes on ---


class Once:
    """A client whose model makes one call, and then says that it is done."""

    def __init__(self, name: str, arguments: str) -> None:
        self.chat = SimpleNamespace(completions=self)
        self.call = fragment(name=name, arguments=arguments)
        self.seen: list[Any] = []

    async def create(self, *, messages: list[Any], **_: Any) -> Any:
        # What a client would do with the history, and a server that parses the arguments in it.
        json.dumps(messages, ensure_ascii=False, allow_nan=False).encode()
        for message in messages:
            for call in message.get("tool_calls") or ():
                assert isinstance(json.loads(call["function"]["arguments"]), dict)
        self.seen = messages
        called = messages[-1]["role"] == "tool"
        return Stream([chunk("It is done.") if called else chunk(calls=[self.call])])


class Stream(list):
    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(self, *_: Any) -> None: ...

    async def __aiter__(self) -> Any:
        for one in list.__iter__(self):
            yield one


def chunk(text: str | None = None, calls: list[Any] | None = None) -> Any:
    delta = SimpleNamespace(content=text, tool_calls=calls)
    return SimpleNamespace(choices=[SimpleNamespace(delta=delta)])


def fragment(
    name: str | None = None,
    arguments: str | None = None,
    *,
    index: Any = 0,
    id: str | None = None,  # noqa: A002
) -> Any:
    function = SimpleNamespace(name=name, arguments=arguments)
    return SimpleNamespace(index=index, id=id, function=function)


@pytest.mark.parametrize(
    "arguments", [DEEP, "\ud800", '{"order_id": "1042", "amount": %s}' % ("9" * 400)]
)
def test_a_bad_call_does_not_end_the_turn(arguments: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "acme.db", today=date(2026, 11, 21))
    said = [{"role": "user", "content": "Refund it."}]

    async def turn() -> str:
        client = Once("request_refund", arguments)
        return "".join([str(piece) async for piece in converse(client, desk, said)])

    assert asyncio.run(turn()) == "It is done."


# --- calls put together from what servers send ---


@pytest.mark.parametrize(
    "fragments",
    [
        [fragment("f", "", id="a"), fragment(None, "{}"), fragment("g", "{}", index=1, id="b")],
        [fragment("f", "{}", index=None, id="a"), fragment("g", "{}", index=None, id="b")],
        [fragment("f", "{}", id="a"), fragment("g", "{}", id="b")],  # one index for all
        [fragment("f", "{}", id=""), fragment("g", "{}", id="")],  # and no id
        [fragment("f", "{", id="a"), fragment("f", "}", id="a"), fragment("g", "{}", index="1")],
    ],
)
def test_calls_are_told_apart_however_a_server_numbers_them(fragments: list[Any]) -> None:
    reply = Reply()
    for one in fragments:
        reply.add(chunk(calls=[one]))
    assert reply.calls == [("f", "{}"), ("g", "{}")]


def test_calls_without_an_id_get_one_each(tools: Tools) -> None:
    reply = Reply()
    reply.add(
        chunk(calls=[fragment("find_order", '{"order_id": "1042"}'), fragment("x", "{}", index=1)])
    )
    made, *results = reply.run(tools)
    assert [call["id"] for call in made["tool_calls"]] == [one["tool_call_id"] for one in results]
    assert len({one["tool_call_id"] for one in results}) == 2


def test_a_chunk_without_a_delta_is_passed_over() -> None:
    reply = Reply()
    assert reply.add(SimpleNamespace(choices=[SimpleNamespace(delta=None)])) == ""
