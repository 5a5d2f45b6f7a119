"""Other people's clients of a language model, unmodified, against the stand-in and a webhook.

Environments and packages as in `test_clients`. `instructor` has a folder of its own: it and the
others want versions of `jiter` that exclude each other.
"""

from __future__ import annotations

import os

import pytest
from test_clients import HERE, PEERS, needs_javascript, needs_peers, run

from voicekit import serve
from voicekit.standin import Standin
from voicekit.webhook import ToolCall, webhook

pytestmark = pytest.mark.extended
SECRET = "a-secret"
INSTRUCTOR = os.environ.get("VOICEKIT_INSTRUCTOR", str(HERE.parent / ".peers" / "instructor"))


async def desk(turn):
    """Looks an order up when a tool is on offer, with a word before."""
    if turn.results:
        yield f"It is {turn.results[-1]['content']}."
    elif turn.tools:
        yield "Let me look. "
        yield ToolCall("find_order", {"order_number": "1042"})
    else:
        yield "Hello there."


@pytest.fixture(scope="module", params=["stand-in", "webhook"])
def model(request):
    """The address and the key of a model, and whether it keeps responses."""
    if request.param == "stand-in":
        standin = Standin("instant")
        yield standin.openai_url, standin.openai_key, True
        standin.stop()
    else:
        served = serve(webhook(desk, secret=SECRET), name="clients-webhook")
        yield f"{served.url}/v1", SECRET, False
        served.stop()


# Of each client, how often it asks, and so how often the tool is called: whole and streamed.
TURNS = {"langchain": 4, "pydantic_ai": 4}


@needs_peers
@pytest.mark.parametrize(
    "client", ["litellm", "langchain", "pydantic_ai", "openai_agents", "instructor", "llm"]
)
def test_a_python_client_streams_and_calls_a_tool(model, client, tmp_path):
    url, key, _ = model
    got = run(
        {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": key, "HOME": str(tmp_path)}
        | ({"PYTHONPATH": INSTRUCTOR} if client == "instructor" else {}),
        PEERS,
        "llm_clients.py",
        client,
        "voicekit-script-1",
    )
    assert got["asked"] == ["1042"] * TURNS.get(client, 2)
    said = got["said"]
    hello = said.pop("responses", "Hello, there")  # of litellm's other function
    assert "Hello" in hello
    assert all("on its way" in text for text in said.values()), said
    assert said or client == "instructor"


@needs_javascript
def test_vercels_default_model_and_the_agents_sdk_stream_and_call_a_tool(model):
    url, key, keeps = model
    environment = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": key}
    got = run(environment, "node", "responses.mjs", "voicekit-script-1", str(keeps).lower())
    assert got["asked"] == ["1042"] * 4
    assert len(got["said"]) == 5
    assert all("on its way" in text for text in got["said"].values()), got["said"]
