"""Numbers as they are said, read as they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from voicekit.standin.script.itn import to_digits, written


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ("where is my order four thousand two hundred seventeen", "Where is my order 4217"),
        ("order a. one thousand forty two", "Order A-1042"),
        ("order b. dash twenty fifty one", "Order B-2051"),
        ("b. seventy seven", "B-77"),
        ("hash eight thousand four hundred thirty one", "#8431"),
        ("zero zero four two", "0042"),
        ("double seven oh four", "7704"),
        ("forty two seventeen", "4217"),
        ("twelve hundred and five", "1205"),
        ("two thousand oh five", "2005"),
        ("one million two hundred thousand", "1200000"),
        ("i paid dollar forty five point five zero", "I paid $45.50"),
        ("euros twelve", "€12"),
        ("pound three point nine nine", "£3.99"),
        ("it cost one hundred twenty nine dollars", "It cost 129 dollars"),
        ("one dollar five", "1 dollar 5"),
        ("a hundred euros", "100 euros"),
        ("fifteen percent off", "15% off"),
        ("come at nine thirty", "Come at 9:30"),
        ("nine zero five p. m.", "9:05 pm"),
        ("at twelve zero zero", "At 12:00"),
        ("between nine thirty and ten fifteen", "Between 9:30 and 10:15"),
        ("before twenty twenty six", "Before 2026"),
        ("order ten forty two", "Order 1042"),
        ("at nine ninety nine", "At 999"),
        ("two thousand twenty four dash zero three dash twelve", "2024-03-12"),
        ("five hundred fifty five dash zero one four two", "555-0142"),
        (
            "five hundred fifty five one hundred twenty three four thousand five hundred sixty",
            "555 123 4560",
        ),
        ("one eight hundred five five five", "1 800 555"),
        ("four hundred twenty one hundred", "420 100"),
        ("i need one desk lamp", "I need 1 desk lamp"),
        ("one or two", "One or 2"),
        ("is a hundred enough", "Is 100 enough"),
        ("a ten dollar voucher", "A 10 dollar voucher"),
    ],
)
def test_numbers_are_written_as_they_were_meant(spoken: str, expected: str) -> None:
    assert written(spoken) == expected


@given(st.integers(20, 999_999_999))
def test_every_cardinal_is_read_back(number: int) -> None:
    spoken = num2words(number)
    assert to_digits(spoken.replace(",", "")) == str(number)
    assert to_digits(spoken.replace(",", "").replace(" and ", " ")) == str(number)
