import re
import tomllib
from pathlib import Path

import pytest

import voicekit
from voicekit.timeline.costs import announce, llm_cost, prices, speech_cost

DATA = Path(voicekit.__file__).parent / "timeline" / "prices.toml"
VENDORS = tomllib.loads(DATA.read_text("utf-8"))


def test_speech_is_paid_by_the_character():
    assert speech_cost("x" * 1000, "eleven_flash_v2_5") == pytest.approx(0.05)
    assert speech_cost("x" * 500, "eleven_multilingual_v2") == pytest.approx(0.05)
    assert speech_cost("", "eleven_flash_v2_5") == 0


def test_spaces_and_marks_are_characters_too():
    assert speech_cost("Yes.   ", "eleven_v3") == pytest.approx(7 * 0.10 / 1000)


def test_an_llm_is_paid_by_the_token_at_one_price_each_way():
    assert llm_cost("gpt-6-luna", 1_000_000, 0) == pytest.approx(0.10)
    assert llm_cost("gpt-6-luna", 0, 1_000_000) == pytest.approx(0.50)
    assert llm_cost("gpt-6.1-sol", 1000, 500) == pytest.approx(0.002 + 0.005)


def test_an_unknown_model_is_refused_with_those_that_have_a_price():
    with pytest.raises(ValueError, match=r"No price for 'eleven_v9'\. Known: .*eleven_turbo_v2_5"):
        speech_cost("Hello.", "eleven_v9")
    with pytest.raises(ValueError, match=r"No price for 'eleven_v3'\. Known: .*gpt-6-luna"):
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


class World:
    def __init__(self, elevenlabs: bool, openai: bool) -> None:
        self.live = {"elevenlabs": elevenlabs, "openai": openai}


def test_offline_nothing_is_announced_since_nothing_is_spent(capsys):
    announce(World(False, False), characters=900, minutes=2, requests=3)
    assert capsys.readouterr().out == ""


def test_what_is_about_to_be_spent_is_said_in_one_line_with_the_prices_dates(capsys):
    announce(World(True, True), characters=2000, minutes=0.5, requests=3)
    (line,) = capsys.readouterr().out.splitlines()
    assert "2,000 characters of speech, 0.100 dollars" in line
    assert "0.5 min of conversation, 0.060 dollars and its LLM" in line
    assert "3 requests to your LLM" in line
    assert VENDORS["elevenlabs"]["date"] in line
    assert VENDORS["elevenlabs"]["agents"]["date"] in line


def test_only_the_vendor_that_is_live_is_named(capsys):
    announce(World(False, True), characters=2000, minutes=1, requests=1)
    assert capsys.readouterr().out == "Live, this costs about: 1 request to your LLM.\n"
    announce(World(True, False), characters=100, requests=1)
    assert "LLM" not in capsys.readouterr().out


def test_a_dearer_model_is_announced_as_dearer(capsys):
    for model in ("eleven_flash_v2_5", "eleven_multilingual_v2"):
        announce(World(True, False), characters=1000, model=model)
    cheap, dear = capsys.readouterr().out.splitlines()
    assert "0.050 dollars" in cheap
    assert "0.100 dollars" in dear
