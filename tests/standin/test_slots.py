from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicekit.standin.script.itn import to_digits
from voicekit.standin.script.slots import extract


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Where is my order 1042?", "1042"),
        ("order A-1042", "A-1042"),
        ("order number one zero four two", "1042"),
        ("it's ten forty two", "1042"),
        ("order a one zero four two", "A-1042"),
        ("A dash one zero four two please", "A-1042"),
        ("one thousand and forty two", "1042"),
        ("double seven oh four", "7704"),
        ("invoice #77", "77"),
        ("my order number is 42", "42"),
    ],
)
def test_order_numbers_are_read_as_written_and_as_spoken(text: str, order: str) -> None:
    assert extract(text)["order"] == [order]


def test_two_orders_in_a_sentence_are_both_found_in_order() -> None:
    assert extract("cancel 1043 and refund order 1042")["order"] == ["1043", "1042"]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("on 21 November", "21 November"),
        ("2026-11-21", "2026-11-21"),
        ("next Friday", "next Friday"),
        ("the twenty first of November twenty twenty six", "21 of November 2026"),
        ("November third", "November 3"),
        ("in three days", "in 3 days"),
        ("the day after tomorrow", "the day after tomorrow"),
    ],
)
def test_dates_stay_the_words_they_are(text: str, date: str) -> None:
    assert extract(text)["date"] == [date]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("it costs $12.50", "12.50"),
        ("$1,234.50", "1234.50"),
        ("twelve dollars fifty", "12.50"),
        ("twelve dollars and fifty cents", "12.50"),
        ("a hundred euros", "100.00"),
        ("fifty cents", "0.50"),
        ("one dollar", "1.00"),
    ],
)
def test_amounts_are_read_with_their_cents(text: str, amount: str) -> None:
    assert extract(text)["amount"] == [amount]


@pytest.mark.parametrize(
    "text", ["mail anna.smith@example.com", "anna dot smith at example dot com is my address"]
)
def test_email_addresses_are_read_as_written_and_as_spoken(text: str) -> None:
    assert extract(text)["email"] == ["anna.smith@example.com"]


def test_a_stretch_of_text_fills_one_slot_only() -> None:
    found = extract("On 2026-11-21 at 9:30 charge $1,234.50 and call 555-0100.")
    assert found == {
        "date": ["2026-11-21"],
        "amount": ["1234.50"],
        "time": ["9:30"],
        "phone": ["555-0100"],
    }


def test_products_names_and_places_are_found() -> None:
    found = extract("My name is Anna Smith, send two desk lamps to New York")
    assert found == {
        "name": ["Anna Smith"],
        "product": ["desk lamp"],
        "place": ["New York"],
        "quantity": ["2"],
    }


@pytest.mark.parametrize(
    "text", ["what is the weather in berlin", "what is the weather in Berlin?"]
)
def test_a_place_needs_no_capital(text: str) -> None:
    assert extract(text)["place"][0].lower() == "berlin"


@pytest.mark.parametrize(
    "text", ["First, I have one question.", "is it in stock", "oh, one more thing", ""]
)
def test_words_that_only_look_like_slots_fill_none(text: str) -> None:
    assert extract(text) == {}


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("twenty twenty six", "2026"),
        ("nineteen ninety nine", "1999"),
        ("five hundred and five", "505"),
        ("two thousand twenty six", "2026"),
        ("one or two", "one or 2"),
        ("triple five", "555"),
        ("double check it", "double check it"),
    ],
)
def test_number_words_become_digits(spoken: str, written: str) -> None:
    assert to_digits(spoken) == written


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert all(values for values in extract(text).values())


def test_a_very_long_text_is_read_at_its_beginning_only() -> None:
    assert extract("my order is 1042 " + "a " * 500_000 + "and 9999")["order"] == ["1042"]


def test_digits_without_end_are_no_amount():
    assert "amount" not in extract("$" + "9" * 400)
    assert "amount" not in extract("9" * 400 + " dollars")
    assert extract("$1" + ",000" * 400)["amount"] == ["1000000000000.00"]
