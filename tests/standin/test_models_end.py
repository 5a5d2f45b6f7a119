"""Models end: their dates are data, they are refused from that day on, and what follows reasons."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openai
import pytest

from voicekit.standin import Standin
from voicekit.standin.catalog import openai_models, profiles
from voicekit.standin.state import State

QUESTION: Any = [{"role": "user", "content": "What are your opening hours?"}]
TOOL: Any = {"type": "function", "function": {"name": "find_order"}}
ENDS = {name: one for name, one in openai_models.shutdowns().items() if one["vendor"] == "openai"}
DYING = sorted(
    name for name, one in ENDS.items() if one["date"] > date(2026, 11, 30) and "-" in name
)
CHAT = sorted(set(ENDS) & set(openai_models.table()))
ABOUT = {  # what may name a model that dies: the data, and the lesson about it
    "voicekit/timeline/models.toml",
    "voicekit/standin/data/openai_models.toml",
    "notebooks/05-latency-budget.ipynb",
}
MODULES = (
    "openai.types.shared.chat_model",
    "openai.types.audio_model",
    "openai.types.audio.speech_model",
    "openai.types.realtime.realtime_session_create_request",
)


@pytest.fixture
def client(standin: Standin) -> Any:
    with openai.OpenAI(
        base_url=standin.openai_url, api_key=standin.openai_key, max_retries=0
    ) as made:
        yield made


def announced(module: str) -> dict[str, date]:
    """The dates in a module of the official SDK, by id."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text("utf-8"))
    found = {}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        text = " ".join(node.value.split())
        for group in re.findall(r'- ((?:"[^"]+",? ?)+): Announced shutdown date: (\S+)\.', text):
            names, day = group
            found |= {name: date.fromisoformat(day) for name in re.findall('"([^"]+)"', names)}
    return found


def test_the_dates_are_those_of_the_official_sdk() -> None:
    dates = {name: day for module in MODULES for name, day in announced(module).items()}
    assert len(dates) > 50
    ours = {name: one["date"] for name, one in ENDS.items()}
    assert {name: day for name, day in ours.items() if dates.get(name) != day} == {}
    known = {name: day for name, day in dates.items() if name in openai_models.table()}
    assert {name: day for name, day in known.items() if ours.get(name) != day} == {}


def test_what_follows_a_model_lives_on() -> None:
    successors = {one["successor"] for one in ENDS.values() if "successor" in one}
    assert successors.isdisjoint(ENDS)


@pytest.mark.parametrize("name", CHAT)
def test_a_model_is_answered_to_its_last_day_and_refused_from_then_on(
    standin: Standin, client: Any, name: str
) -> None:
    end = ENDS[name]["date"]
    ask = client.chat.completions.create
    standin.state.today = end - timedelta(days=1)
    assert ask(model=name, messages=QUESTION).choices[0].message.content
    assert client.models.retrieve(name).shutdown_date == end.isoformat()
    standin.state.today = end
    for refused in (
        lambda: ask(model=name, messages=QUESTION),
        lambda: ask(model=name, messages=QUESTION, stream=True),
        lambda: client.models.retrieve(name),
    ):
        with pytest.raises(openai.NotFoundError, match="has been deprecated") as caught:
            refused()
        assert (caught.value.code, caught.value.param) == ("model_not_found", None)
        assert ENDS[name].get("successor", "") in str(caught.value)
    assert name not in [model.id for model in client.models.list()]


def test_the_clock_is_the_states_own_unless_a_day_is_set(
    standin: Standin, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.state.clock = lambda: 1_803_859_200.0  # 2027-03-01
    assert standin.state.day() == date(2027, 3, 1)
    assert set(CHAT) & {model.id for model in client.models.list()} <= {
        name for name in CHAT if ENDS[name]["date"] > date(2027, 3, 1)
    }
    monkeypatch.setenv("VOICEKIT_TODAY", "2028-02-29")
    standin.state.reset()
    assert standin.state.day() == date(2028, 2, 29)
    monkeypatch.setenv("VOICEKIT_TODAY", "tomorrow")
    with pytest.raises(ValueError, match="VOICEKIT_TODAY is a day such as"):
        State(profiles.load("instant"))


def test_a_successor_reasons_unless_told_not_to(client: Any) -> None:
    ask = client.chat.completions.create
    unseen = {}
    for effort in (openai.omit, "none", "low", "high"):
        reply = ask(model="gpt-6-luna", messages=QUESTION, reasoning_effort=effort)
        details, words = reply.usage.completion_tokens_details, reply.choices[0].message.content
        unseen[str(effort)] = details.reasoning_tokens
        assert words
        assert reply.usage.completion_tokens > details.reasoning_tokens
    thought, none, low, high = unseen.values()
    assert none == 0 < low < thought < high
    for name in ("advertised", "independent"):  # and nobody hears anything meanwhile
        assert profiles.load(name).reasoning(thought) > 1.0
    assert profiles.load("instant").reasoning(thought) == 0.0


def test_reasoning_can_use_up_the_tokens_before_the_first_word(client: Any) -> None:
    ask = client.chat.completions.create
    reply = ask(model="gpt-6-luna", messages=QUESTION, max_completion_tokens=150)
    assert (reply.choices[0].message.content, reply.choices[0].finish_reason) == ("", "length")
    assert reply.usage.completion_tokens == 150
    chunks = list(ask(model="gpt-6-luna", messages=QUESTION, max_completion_tokens=1, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == ""
    assert chunks[-1].choices[0].finish_reason == "length"


def test_while_it_reasons_a_model_refuses_tools_and_sampling(client: Any) -> None:
    ask = client.chat.completions.create
    quiet = {"model": "gpt-6-luna", "messages": QUESTION, "reasoning_effort": "none"}
    for more in ({"tools": [TOOL]}, {"temperature": 0.2}, {"top_p": 0.5}):
        assert ask(**quiet, **more).choices
        for effort in ({}, {"reasoning_effort": "low"}):
            with pytest.raises(openai.BadRequestError, match="not support"):
                ask(**{**quiet, "reasoning_effort": openai.omit, **effort, **more})


def test_on_responses_tools_and_reasoning_go_together_and_a_dead_model_is_refused_too(
    standin: Standin, client: Any
) -> None:
    create, tool = client.responses.create, {"type": "function", **TOOL["function"]}
    reply = create(model="gpt-6-luna", input="Hello.", tools=[tool])
    assert reply.usage.output_tokens_details.reasoning_tokens > 0
    reply = create(model="gpt-6-luna", input="Hello.", reasoning={"effort": "none"})
    assert reply.usage.output_tokens_details.reasoning_tokens == 0
    with pytest.raises(openai.BadRequestError) as caught:
        create(model="gpt-6-luna", input="Hello.", reasoning={"effort": "minimal"})
    assert caught.value.param == "reasoning.effort"
    standin.state.today = max(one["date"] for one in ENDS.values())
    with pytest.raises(openai.NotFoundError, match="has been deprecated"):
        create(model=CHAT[0], input="Hello.")


def test_nothing_but_the_data_and_a_lesson_names_a_model_that_dies(root: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("This copy has no git, which would list its files.")
    named = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, DYING))})(?![\w-]|\.\d)")
    wrong = {}
    for name in listing.stdout.split("\0"):
        file = root / name
        if name in ABOUT or not file.is_file() or file.suffix in {".png", ".wav"}:
            continue
        if found := named.findall(file.read_text("utf-8", errors="ignore")):
            wrong[name] = found
    assert wrong == {}
