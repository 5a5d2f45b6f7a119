"""What counts as a yes to a refund: money moves on a clear one only, and doubt asks again."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from acme import Desk, consent, converse
from voicekit.world import connect

ASKED = "Shall I refund $42.00 for order 1042?"
ANSWERS = tomllib.loads(Path(__file__).with_name("answers.toml").read_text("utf-8"))
UNPAID = "I have not refunded anything, since I did not hear a clear yes."


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk") / "acme.db", today=date(2026, 11, 21))


@pytest.fixture
def own_desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "acme.db", today=date(2026, 11, 21))


def talk(*turns: str) -> list[dict[str, Any]]:
    """The caller's and the agent's words by turns, the caller's first."""
    return [{"role": ("user", "assistant")[n % 2], "content": t} for n, t in enumerate(turns)]


def agreed(answer: str, asked: str = ASKED) -> bool:
    return consent.given(talk("I want a refund.", asked, answer), ASKED)


def as_heard(answer: str) -> list[str]:
    """As it is, and as recognisers write it: without marks, in capitals, with a full stop."""
    bare = "".join(" " if mark in ".,!;:-" else mark for mark in answer)
    return [answer, bare, answer.upper(), f"{bare.strip()}."]


# --- the lists ---


def test_the_lists_are_long_and_have_nothing_in_common() -> None:
    agree = [a for group in ANSWERS.values() for a in group["agree"]]
    other = [a for group in ANSWERS.values() for a in group["other"]]
    assert len({*agree, *other}) == len(agree) + len(other)
    assert len(agree) >= 80
    assert len(other) >= 160


@pytest.mark.parametrize("group", ANSWERS)
def test_no_refusal_doubt_question_or_correction_is_a_yes(group: str) -> None:
    assert [answer for answer in ANSWERS[group]["other"] if agreed(answer)] == []


@pytest.mark.parametrize("group", ANSWERS)
def test_nine_of_ten_agreements_are_a_yes_however_they_are_written(group: str) -> None:
    for variant in range(4):
        said = [as_heard(answer)[variant] for answer in ANSWERS[group]["agree"]]
        missed = [answer for answer in said if not agreed(answer)]
        assert len(missed) <= len(said) // 10, missed


# --- what the answer is an answer to ---


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("Shall I refund $42.00 for order 1043?", "Yes."),
        ("Shall I refund $4.20 for order 1042?", "Yes."),
        (f"{ASKED} Or would you like a voucher?", "Yes."),
        (f"Did you mean order 1042? {ASKED}", "Yes."),  # a yes to which of them?
        (f"Shall I refund $10.00 for order 1041? {ASKED}", "Yes."),
        ("Shall I refund $42.00 for or...", "Yes."),
        ("Shall I refund $42.00 for order 1043?", "Yes, order 1042."),
        ("Order 1042 costs $42.00.", "Please refund it."),
    ],
)
def test_a_yes_to_anything_but_this_question_alone_is_none(asked: str, answer: str) -> None:
    assert not agreed(answer, asked)


def test_the_question_may_follow_other_words_and_come_in_two_messages() -> None:
    assert agreed("Yes.", f"Let me see... {ASKED}")
    two = [*talk("Refund it", "One moment."), {"role": "assistant", "content": ASKED}]
    assert consent.given([*two, *talk("Yes")], ASKED)
    both = [*talk("Refund it", "Do you want a voucher?"), {"role": "assistant", "content": ASKED}]
    assert not consent.given([*both, *talk("Yes")], ASKED)


@pytest.mark.parametrize(
    ("cents", "said", "fits"),
    [
        (6450, "yes sixty four dollars and fifty cents", True),
        (6450, "yes sixty four fifty", True),
        (6450, "Yes, $64.50.", True),
        (6450, "yes sixty four dollars", False),
        (6450, "yes sixty four fifteen", False),
        (100_000, "yes one thousand dollars", True),
        (100_000, "Yes, $1,000.", True),
        (100_000, "yes one hundred dollars", False),
        (100, "yes one dollar", True),
    ],
)
def test_an_amount_in_the_answer_must_be_the_one_asked_about(
    cents: int, said: str, fits: bool
) -> None:
    asked = consent.question("1042", cents)
    assert consent.given(talk("Refund it.", asked, said), asked) is fits


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        ("Yes.", "yes"), ("No, thanks.", "no"), ("That isn\u2019t right.", "no"),
        ("Cancel it.", "no"),
        ("Hm.", "unclear"), ("How long does it take?", "unclear"), ("No problem.", "unclear"),
        ("I don't know.", "unclear"), ("I guess so.", "unclear"), ("...", "unclear"),
    ],
)  # fmt: skip
def test_a_reply_is_a_yes_a_no_or_unclear(answer: str, reply: str) -> None:
    last = consent.last_asked(talk("Refund it.", ASKED, answer))
    assert last is not None
    assert last.reply == reply


def test_how_often_it_was_asked_in_a_row_is_counted() -> None:
    def times(*turns: str) -> int:
        last = consent.last_asked(talk(*turns))
        return last.times if last else 0

    other = "Shall I refund $64.50 for order 1043?"
    assert times("Refund it.", ASKED, "Hm.") == 1
    assert times("Refund it.", ASKED, "Hm.", f"Well. {ASKED}", "Hm.") == 2
    assert times("Refund it.", ASKED, "Hm.", "Fine.", "Refund it!", ASKED, "Hm.") == 1
    assert times("Refund it.", other, "Not that.", ASKED, "Hm.") == 1
    assert times("Refund it.", ASKED) == times("Hm.") == times() == 0


# --- end to end: a model that calls for the refund whatever is said, and the scripted one ---


class Eager:
    """A client whose model claims at once that the caller has agreed."""

    def __init__(self) -> None:
        self.chat = SimpleNamespace(completions=self)
        self.prompts: list[str] = []

    async def create(self, *, messages: list[Any], **_: Any) -> Any:
        self.prompts.append(messages[0]["content"])
        arguments = '{"order_id": "1042", "confirmed": true}'
        function = SimpleNamespace(name="request_refund", arguments=arguments)
        call = SimpleNamespace(index=0, id="call_1", function=function)
        done = messages[-1]["role"] == "tool"
        delta = SimpleNamespace(
            content="Very well." if done else None, tool_calls=None if done else [call]
        )
        return Stream([SimpleNamespace(choices=[SimpleNamespace(delta=delta)])])


class Talker(Eager):
    """A client whose model answers in words, and calls nothing."""

    async def create(self, *, messages: list[Any], **_: Any) -> Any:
        self.prompts.append(messages[0]["content"])
        delta = SimpleNamespace(content="It takes five days.", tool_calls=None)
        return Stream([SimpleNamespace(choices=[SimpleNamespace(delta=delta)])])


class Stream(list):
    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(self, *_: Any) -> None: ...

    async def __aiter__(self) -> Any:
        for chunk in list.__iter__(self):
            yield chunk


async def reply(client: Any, desk: Desk, *turns: str) -> str:
    return "".join([str(piece) async for piece in converse(client, desk, talk(*turns))])


async def refunded(
    client: Any, desk: Desk, answers: list[str], empty: Callable[[], None]
) -> list[str]:
    """Those of the answers after which money has moved, each of them once."""
    paid = []
    for answer in answers:
        for _ in range(2):  # the platform may ask twice
            await reply(client, desk, "I want a refund for order 1042.", ASKED, answer)
        rows = [(refund.order_id, refund.cents) for refund in desk.orders.refunds()]
        assert rows in ([], [("1042", 4200)])
        paid += [answer] * len(rows)
        if rows:
            empty()
    return paid


@pytest.fixture
def empty(desk: Desk) -> Callable[[], None]:
    """Forget the refunds, so that the next answer meets the same desk."""

    def run() -> None:
        with desk.orders._open() as database:
            database.execute("DELETE FROM refunds")

    return run


EVERY = [pytest.param(1, marks=pytest.mark.extended), 6]  # all of them take a while


@pytest.mark.anyio
@pytest.mark.parametrize("step", EVERY)
async def test_end_to_end_nothing_but_a_yes_moves_money(desk: Desk, empty: Any, step: int) -> None:
    others = [answer for group in ANSWERS.values() for answer in group["other"]][::step]
    assert await refunded(Eager(), desk, others, empty) == []
    async with connect("instant", offline=True).async_openai() as client:
        assert await refunded(client, desk, others, empty) == []


@pytest.mark.anyio
@pytest.mark.parametrize("step", EVERY)
async def test_end_to_end_a_yes_pays_once_also_with_a_model_that_only_talks(
    desk: Desk, empty: Any, step: int
) -> None:
    agree = [answer for group in ANSWERS.values() for answer in group["agree"]][::step]
    for client in (Eager(), Talker()):
        paid = await refunded(client, desk, agree, empty)
        assert len(paid) >= 0.9 * len(agree), set(agree) - set(paid)
        assert client.prompts == [] or len(paid) < len(agree)  # what is agreed needs no model


@pytest.mark.anyio
async def test_doubt_is_answered_and_asked_again_and_let_go_in_the_end(own_desk: Desk) -> None:
    model = Talker()
    turns = ["Refund order 1042.", ASKED]
    for expected in (ASKED, ASKED, UNPAID):
        turns.append("Yes, but how long does it take?")
        turns.append(await reply(model, own_desk, *turns))
        assert turns[-1] == f"It takes five days. {expected}"
        assert expected in model.prompts[-1]
    assert await reply(model, own_desk, *turns[:4], "Yes.") == (
        "The refund of $42.00 for order 1042 is made. Your bank needs up to five working days."
    )
    assert len(own_desk.orders.refunds()) == 1


@pytest.mark.anyio
async def test_a_no_is_not_asked_about_again_and_a_late_yes_is_none(own_desk: Desk) -> None:
    turns = ["Refund order 1042.", ASKED, "No, leave it."]
    turns.append(await reply(Talker(), own_desk, *turns))
    assert turns[-1] == "It takes five days."
    assert await reply(Talker(), own_desk, *turns, "Yes.") == "It takes five days."
    assert own_desk.orders.refunds() == []


@pytest.mark.anyio
@pytest.mark.parametrize("answer", ["No.", "That isn't right.", "Yes, decline.", "Goodbye."])
async def test_a_model_that_insists_does_not_ask_again_after_a_no(
    own_desk: Desk, answer: str
) -> None:
    assert await reply(Eager(), own_desk, "Refund order 1042.", ASKED, answer) == "Very well."
    assert own_desk.orders.refunds() == []


@pytest.mark.anyio
async def test_a_model_that_insists_asks_three_times_and_no_more(own_desk: Desk) -> None:
    turns = ["Refund order 1042.", ASKED]
    for expected in (ASKED, ASKED, f"Very well. {UNPAID}"):
        turns += ["Hm."]
        turns.append(await reply(Eager(), own_desk, *turns))
        assert turns[-1] == expected
    turns.append("I do want a refund for order 1042.")  # a new request, a new question
    assert await reply(Eager(), own_desk, *turns) == ASKED
    assert own_desk.orders.refunds() == []


@pytest.mark.anyio
async def test_what_cannot_be_refunded_any_more_is_not_whoever_agrees(own_desk: Desk) -> None:
    part = "Shall I refund $10.00 for order 1042?"
    assert "is made" in await reply(Talker(), own_desk, "Refund ten dollars.", part, "Yes.")
    assert await reply(Talker(), own_desk, "All of it.", ASKED, "Yes.") == "It takes five days."
    assert [refund.cents for refund in own_desk.orders.refunds()] == [1000]
