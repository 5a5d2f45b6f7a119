import re
import tomllib
from pathlib import Path

import pytest

import voicekit
from voicekit.costs import llm_cost, prices, speech_cost

DATA = Path(voicekit.__file__).parent / "data" / "prices.toml"
VENDORS = tomllib.loads(DATA.read_text("utf-8"))


def test_speech_is_paid_by_the_character():
    assert speech_cost("x" * 1000, "eleven_flash_v2_5") == pytest.approx(0.05)
    assert speech_cost("x" * 500, "eleven_multilingual_v2") == pytest.approx(0.05)
    assert speech_cost("", "eleven_flash_v2_5") == 0


def test_spaces_and_marks_are_characters_too():
    assert speech_cost("Yes.   ", "eleven_v3") == pytest.approx(7 * 0.10 / 1000)


def test_an_llm_is_paid_by_the_token_at_one_price_each_way():
    assert llm_cost("gpt-4o-mini", 1_000_000, 0) == pytest.approx(0.15)
    assert llm_cost("gpt-4o-mini", 0, 1_000_000) == pytest.approx(0.60)
    assert llm_cost("gpt-4.1", 1000, 500) == pytest.approx(0.002 + 0.004)


def test_an_unknown_model_is_refused_with_those_that_have_a_price():
    with pytest.raises(ValueError, match=r"No price for 'eleven_v9'\. Known: .*eleven_turbo_v2_5"):
        speech_cost("Hello.", "eleven_v9")
    with pytest.raises(ValueError, match=r"No price for 'eleven_v3'\. Known: .*gpt-5-mini"):
        llm_cost("eleven_v3", 1, 1)


def test_the_table_shows_every_model_with_the_month_of_its_price():
    table = prices()
    assert [row[0] for row in table.rows] == [m for v in VENDORS.values() for m in v["models"]]
    assert all(re.fullmatch(r"20\d\d-\d\d", row[-1]) for row in table.rows)
    assert all(vendor["source"] in table.caption for vendor in VENDORS.values())


def test_no_dollar_sign_makes_a_formula_of_the_table():
    assert "$" not in prices()._repr_html_()


def test_every_price_is_a_sum_and_an_answer_costs_more_than_its_question():
    for model, price in VENDORS["openai"]["models"].items():
        assert 0 < price["prompt"] < price["completion"], model
    for model, price in VENDORS["elevenlabs"]["models"].items():
        assert 0 < price["per_1000_characters"] < 1, model
