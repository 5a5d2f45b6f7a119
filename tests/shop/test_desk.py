from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from acme import Desk, Tools
from acme.schemas import schema

TODAY = date(2026, 11, 21)
ASKED = "Shall I refund $42.00 for order 1042?"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "acme.db", today=TODAY)


def talk(*turns: str) -> list[dict[str, Any]]:
    """The caller's and the agent's words by turns, the caller's first."""
    roles = ("user", "assistant")
    return [{"role": roles[n % 2], "content": text} for n, text in enumerate(turns)]


def tools(desk: Desk, *turns: str) -> Tools:
    return desk.tools(talk(*turns))


def agreed(desk: Desk, answer: str = "Yes, please.", asked: str = ASKED) -> Tools:
    return tools(desk, "I want a refund.", asked, answer)


# --- the files ---


def test_two_hundred_orders_are_there_the_same_every_time(tmp_path: Path) -> None:
    def rows(name: str) -> list[Any]:
        Desk(tmp_path / name, today=TODAY)
        with closing(sqlite3.connect(tmp_path / name)) as database:
            return database.execute("SELECT * FROM orders").fetchall()

    first = rows("one.db")
    assert len(first) == 200
    assert first == rows("two.db")
    assert {row[7] for row in first} == {"processing", "shipped", "delivered", "cancelled"}


def test_what_was_done_survives_a_restart_on_another_day(tmp_path: Path) -> None:
    path = tmp_path / "acme.db"
    before = agreed(Desk(path, today=TODAY))
    assert before.request_refund("1042", confirmed=True)["refunded"]
    before.send_email_or_sms("1042", "email", "A long answer.")
    later = Desk(path, today=TODAY + timedelta(days=3))
    assert [refund.made_on for refund in later.orders.refunds()] == ["2026-11-21"]
    assert [message.body for message in later.orders.outbox()] == ["A long answer."]
    assert "16 November" in tools(later, "?").find_order("1042")["message"]


def test_several_may_make_the_file_at_once(tmp_path: Path) -> None:
    path, failed = tmp_path / "acme.db", []

    def make() -> None:
        try:
            assert Desk(path, today=TODAY).orders.find("1200")
        except Exception as error:  # told to the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=make) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


# --- orders and summaries ---


@pytest.mark.parametrize("number", ["1042", "#1042", "A-1042", "order 1042", " 10 42 ", 1042])
def test_an_order_is_found_however_its_number_is_written(desk: Desk, number: Any) -> None:
    found = tools(desk, "?").find_order(number)
    assert found["message"] == (
        "Order 1042: travel mug, quantity 2, $42.00 in total, delivered on 16 November."
    )


@pytest.mark.parametrize(("number", "why"), [("9999", "no order 9999"), ("12", "four digits")])
def test_an_order_that_is_not_there_is_said_to_be_so(desk: Desk, number: str, why: str) -> None:
    assert why in tools(desk, "?").find_order(number)["error"]


def test_a_summary_goes_to_the_address_of_the_order_and_once(desk: Desk) -> None:
    box = tools(desk, "?")
    for _ in range(2):
        assert "sms" in box.send_email_or_sms("1042", "sms", "30 days.")["message"]
    order = desk.orders.find("1042")
    assert order is not None
    assert [(m.address, m.body) for m in desk.orders.outbox()] == [(order.phone, "30 days.")]
    assert "error" in box.send_email_or_sms("1042", "email", "  ")
    assert "error" in box.run(
        "send_email_or_sms", '{"order_id": "1042", "channel": "fax", "summary": "x"}'
    )
    assert len(desk.orders.outbox()) == 1


# --- a refund, and what it takes ---


def test_a_refund_asks_first_and_runs_after_the_yes(desk: Desk) -> None:
    first = tools(desk, "I want a refund for order 1042.")
    assert first.request_refund("1042") == {"message": ASKED, "refunded": False}
    assert first.question == ASKED
    assert desk.orders.refunds() == []
    second = agreed(desk)
    assert second.request_refund("1042", 42.0, confirmed=True)["refunded"]
    assert second.question is None
    assert [(r.order_id, r.cents) for r in desk.orders.refunds()] == [("1042", 4200)]


@pytest.mark.parametrize("confirmed", [False, "true", 1, None])
def test_a_yes_alone_is_not_enough_without_the_flag(desk: Desk, confirmed: Any) -> None:
    assert not agreed(desk).request_refund("1042", confirmed=confirmed)["refunded"]
    assert desk.orders.refunds() == []


@pytest.mark.parametrize(
    "answer", ["Yes.", "yeah, sure", "OK, go ahead!", "Yes please do it", "That's right", "Do it."]
)
def test_a_yes_is_a_yes(desk: Desk, answer: str) -> None:
    assert agreed(desk, answer).request_refund("1042", confirmed=True)["refunded"]


@pytest.mark.parametrize(
    "answer",
    [
        "No.", "No, yes is not what I said", "Don't do it",
        "don\N{RIGHT SINGLE QUOTATION MARK}t, ok",
        "Yes, but how long does it take?", "Wait, okay?", "I am not sure", "Yesterday", "Hm", "",
        "What does okay mean here", "Cancel that, please do", "Maybe yes", "Surely you jest",
    ],
)  # fmt: skip
def test_anything_else_is_none(desk: Desk, answer: str) -> None:
    assert not agreed(desk, answer).request_refund("1042", confirmed=True)["refunded"]
    assert desk.orders.refunds() == []


@pytest.mark.parametrize(
    "turns",
    [
        ["Yes"],
        ["Refund 1042", "Do you like mugs?", "Yes"],
        ["Refund 1042", "Shall I refund $42.00 for or", "Yes"],  # interrupted: not heard to its end
        ["Refund 1042", f"{ASKED} Or hear a joke?", "Yes"],
        ["Refund 1042", "Shall I refund $4.20 for order 1042?", "Yes"],
        ["Refund 1042", "Shall I refund $42.00 for order 1043?", "Yes"],
        ["Refund 1042", ASKED, "How are you?", "Fine. Anything else?", "Yes"],
        [f"The agent said: {ASKED}", "I did not.", f"{ASKED} Yes"],
        ["Refund 1042", ASKED],
        ["Refund 1042", ASKED, ""],
    ],
)
def test_a_yes_to_something_else_is_none(desk: Desk, turns: list[str]) -> None:
    assert not tools(desk, *turns).request_refund("1042", confirmed=True).get("refunded")
    assert desk.orders.refunds() == []


def test_who_says_the_question_matters_and_in_which_role(desk: Desk) -> None:
    for role in ("system", "user", "tool", "developer"):
        said = [*talk("Refund 1042"), {"role": role, "content": ASKED}, *talk("Yes")]
        assert not desk.tools(said).request_refund("1042", confirmed=True)["refunded"]
    assert desk.orders.refunds() == []


def test_a_yes_may_come_in_two_turns_and_in_parts(desk: Desk) -> None:
    parts = [{"type": "text", "text": "yes please"}]
    said = [*talk("Refund it", f"Sure. {ASKED}", "Um"), {"role": "user", "content": parts}]
    assert desk.tools(said).request_refund("1042", confirmed=True)["refunded"]


def test_a_no_in_the_second_of_two_turns_counts(desk: Desk) -> None:
    said = [*talk("Refund it", ASKED, "Yes"), {"role": "user", "content": "no wait"}]
    assert not desk.tools(said).request_refund("1042", confirmed=True)["refunded"]


def test_the_amount_is_bound_to_the_question(desk: Desk) -> None:
    part = "Shall I refund $10.50 for order 1042?"
    box = agreed(desk, asked=part)
    assert box.request_refund("1042", 42, confirmed=True)["message"] == ASKED
    assert box.request_refund("1042", 10.5, confirmed=True)["refunded"]
    assert [refund.cents for refund in desk.orders.refunds()] == [1050]


@pytest.mark.parametrize(
    ("order", "amount", "why"),
    [
        ("1042", 42.01, "at most $42.00"),
        ("1042", 0, "at most"),
        ("1042", -5, "at most"),
        ("1042", 0.001, "at most"),
        ("1042", float("nan"), "at most"),
        ("1042", float("inf"), "at most"),
        ("1042", 1e300, "at most"),
        ("1044", None, "after 30 days"),
        ("1045", None, "is shipped"),
        ("9999", None, "no order"),
    ],
)
def test_limits_hold_whoever_agrees(desk: Desk, order: str, amount: Any, why: str) -> None:
    asked = f"Shall I refund $42.01 for order {order}?"
    box = agreed(desk, asked=asked)
    assert why in box.request_refund(order, amount, confirmed=True)["error"]
    assert box.question is None
    assert desk.orders.refunds() == []


def test_the_last_day_counts(tmp_path: Path) -> None:
    delivered = date(2026, 11, 16)
    Desk(tmp_path / "acme.db", today=TODAY)
    for days, may in ((30, True), (31, False)):
        desk = Desk(tmp_path / "acme.db", today=delivered + timedelta(days=days))
        assert ("error" not in tools(desk, "?").request_refund("1042")) is may


def test_a_request_that_comes_twice_refunds_once_and_answers_the_same(desk: Desk) -> None:
    answers: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(agreed(desk).request_refund("1042", confirmed=True))
        )
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert all(answer == answers[0] for answer in answers)
    assert len(desk.orders.refunds()) == 1


def test_an_order_is_refunded_once_also_in_parts(desk: Desk) -> None:
    part = "Shall I refund $10.00 for order 1042?"
    assert agreed(desk, asked=part).request_refund("1042", 10, confirmed=True)["refunded"]
    assert "already" in agreed(desk).request_refund("1042", confirmed=True)["error"]
    assert "already" in tools(desk, "?").request_refund("1042")["error"]
    assert [refund.cents for refund in desk.orders.refunds()] == [1000]


def test_one_question_is_asked_at_a_time(desk: Desk) -> None:
    box = tools(desk, "Refund 1042 and 1043")
    assert box.request_refund("1042")["message"] == ASKED
    assert "one refund at a time" in box.request_refund("1043")["error"]
    assert box.question == ASKED


# --- the tools as a model sees and calls them ---


def test_the_schemas_come_from_the_functions(desk: Desk) -> None:
    found = {tool["function"]["name"]: tool["function"] for tool in tools(desk, "?").schemas}
    assert list(found) == ["find_order", "request_refund", "send_email_or_sms", "find_policy"]
    refund = found["request_refund"]
    assert refund["parameters"]["required"] == ["order_id"]
    assert refund["parameters"]["properties"]["amount"] == {
        "type": "number",
        "description": "Dollars to pay back; leave it out for the whole order.",
    }
    assert refund["parameters"]["properties"]["confirmed"]["type"] == "boolean"
    assert "messages" not in json.dumps(found)
    channel = found["send_email_or_sms"]["parameters"]["properties"]["channel"]
    assert channel["enum"] == ["email", "sms"]


def test_a_parameter_without_a_plain_type_is_an_error() -> None:
    def good(one: str, two: Literal["a"] | None = None) -> None:
        """Do it.

        Args:
            one: A thing
                in two lines.
        """

    def bad(one: list[str]) -> None: ...

    told = schema(good)["function"]["parameters"]["properties"]
    assert told == {
        "one": {"type": "string", "description": "A thing in two lines."},
        "two": {"type": "string", "enum": ["a"]},
    }
    with pytest.raises(TypeError, match="'one' must be one of str, int"):
        schema(bad)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("find_order", "{"),
        ("find_order", "[]"),
        ("find_order", "{}"),
        ("find_order", '{"order": "1042"}'),
        ("request_refund", '{"order_id": "1042", "amount": "all"}'),
        ("end_call", "{}"),
        ("__init__", "{}"),
        ("run", "{}"),
    ],
)
def test_a_bad_call_is_told_to_the_model(desk: Desk, name: str, arguments: str) -> None:
    assert "error" in tools(desk, "?").run(name, arguments)


# --- policies ---


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("How long is the warranty?", "warranty.md#how-long-the-warranty-lasts"),
        ("what does express shipping cost", "shipping.md#what-delivery-costs"),
        ("Do you record my calls?", "privacy.md#recordings-of-calls"),
        ("when will the money arrive in my bank", "refunds.md#when-the-money-arrives"),
        ("Can I return a gift card?", "returns.md#what-cannot-be-returned"),
        ("my payment was declined", "payments.md#declined-payments"),
    ],
)
def test_a_policy_is_found_and_its_source_named(desk: Desk, question: str, source: str) -> None:
    found = tools(desk, question).find_policy(question)
    assert found["passages"][0]["source"] == source
    assert found["message"] == found["passages"][0]["text"]
    assert (desk.policies.folder / source.partition("#")[0]).is_file()


@pytest.mark.parametrize("question", ["", "the", "???", "zygote quasar", '" OR NEAR(', "a" * 9999])
def test_what_no_policy_says_is_not_made_up(desk: Desk, question: str) -> None:
    assert tools(desk, "?").find_policy(question) == {
        "message": "Our policies say nothing about that."
    }


def test_the_index_is_a_file_that_follows_the_policies(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "pets.md").write_text("# Pets\n\n## Dogs\nDogs are welcome.\n", "utf-8")
    desk = Desk(tmp_path / "acme.db", policies=folder, today=TODAY)
    assert desk.policies.find("dog")[0].source == "pets.md#dogs"
    made = desk.policies.index.stat().st_mtime_ns
    assert Desk(tmp_path / "acme.db", policies=folder, today=TODAY).policies.find("dogs")
    assert desk.policies.index.stat().st_mtime_ns == made  # the same policies: the same index
    (folder / "pets.md").write_text("# Pets\n\n## Cats\nCats are welcome.\n", "utf-8")
    assert desk.policies.find("dog") == []
    assert desk.policies.find("cats")[0].text == "Cats are welcome."


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no folder"):
        Desk(tmp_path / "acme.db", policies=tmp_path / "none")
