"""Other people's clients, unmodified, by the base URL alone.

JavaScript: `npm install --no-save --prefix tests/clients`. Frameworks: an environment of their
own, named by `VOICEKIT_PEERS` (its python) or `.peers` in the checkout:
`python3 -m venv .peers && .peers/bin/pip install -r tests/clients/peers.txt`, and for one of them
`.peers/bin/pip install --target .peers/instructor -r tests/clients/instructor.txt`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from waiting import HANG

from voicekit.standin import Standin

HERE = Path(__file__).parent
CLIENTS = HERE / "clients"
PEERS = Path(os.environ.get("VOICEKIT_PEERS", HERE.parent / ".peers" / "bin" / "python"))

pytestmark = pytest.mark.extended
needs_javascript = pytest.mark.skipif(
    not (CLIENTS / "node_modules").is_dir() or not shutil.which("node"),
    reason="needs node and `npm install --no-save --prefix tests/clients`",
)
needs_peers = pytest.mark.skipif(
    not PEERS.exists(), reason="needs `.peers`, see the top of tests/test_clients.py"
)


@pytest.fixture(scope="module")
def standin():
    running = Standin("instant")
    yield running
    running.stop()


def run(world: Standin | dict[str, str], *command: str | Path) -> dict:
    """Run a client that knows nothing but the addresses and keys in its environment."""
    if isinstance(world, Standin):
        world = {
            "ELEVENLABS_BASE_URL": world.elevenlabs_url,
            "OPENAI_BASE_URL": world.openai_url,
            "ELEVENLABS_API_KEY": world.elevenlabs_key,
            "OPENAI_API_KEY": world.openai_key,
            "SSL_CERT_FILE": str(world.ca_bundle),  # some dial wss:// whatever the address says
        }
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "NO_PROXY": "127.0.0.1,localhost",
        **world,
    }
    done = subprocess.run(
        command, env=environment, cwd=CLIENTS, capture_output=True, text=True, timeout=HANG
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@needs_javascript
def test_the_official_javascript_sdks(standin):
    got = run(standin, "node", "javascript.mjs")
    assert "eleven_flash_v2_5" in got["models"]
    assert got["voices"] == ["Rachel"]
    assert got["pcm"] > 22050
    assert got["mp3"] > 8000
    assert got["characters"] == "Your parcel is on its way."
    assert got["elevenError"] == [True, 404, "voice_not_found"]
    assert got["whole"] == got["streamed"] != ""
    assert got["tool"] == ["find_order", {"order_number": "1042"}]
    assert got["openaiError"] == [True, 404, "model_not_found"]


# Node 20 has WebSocket behind this flag, later ones have it anyway.
BROWSER = ("node", "--experimental-websocket", "conversation.mjs")
ORDER = {"type": "string", "description": "The order number"}
FIND_ORDER = {
    "type": "client",
    "name": "find_order",
    "description": "Look up an order by its number",
    "parameters": {"type": "object", "properties": {"order_id": ORDER}, "required": ["order_id"]},
    "expects_response": True,
}


@pytest.mark.parametrize(
    ("command", "source"),
    [
        pytest.param(BROWSER, "js_sdk", marks=needs_javascript, id="javascript"),
        pytest.param((sys.executable, "conversation.py", "sync"), "python_sdk", id="python"),
        pytest.param((sys.executable, "conversation.py", "async"), "python_sdk", id="async"),
    ],
)
def test_the_official_clients_run_one_script_to_the_same_words(standin, command, source):
    tool = standin.state.tools.create({"tool_config": FIND_ORDER})
    agent = {
        "first_message": "Hello there.",
        "prompt": {"tool_ids": [tool.id], "built_in_tools": {"end_call": {"params": {}}}},
    }
    made = standin.state.agents.create({"conversation_config": {"agent": agent}})
    lines = ("Where is my order 4217?", "How long do I have to return something?", "Goodbye.")
    got = run(standin, *command, made.agent_id, *lines)
    assert got["asked"] == ["4217"]
    assert got["said"][:2] == ["Hello there.", "Order 4217 arrives on Friday."]
    assert "30 days" in got["said"][2]
    assert got["said"][3:] == ["Thank you for calling Acme. Goodbye!"]
    assert got["reason"] == "agent"
    record = standin.state.conversations.get(got["id"])
    assert record.source == source
    written = [item.message for item in record.items if item.role == "user"]
    assert written == list(lines)


@needs_peers
def test_pipecats_llm_and_voice_services(standin):
    got = run(standin, PEERS, "pipecat_client.py")
    assert "hours" in got["text"] or "open" in got["text"]
    assert got["bytes"] > 2 * 24000


@needs_peers
def test_livekits_voice_plugin(standin):
    got = run(standin, PEERS, "livekit_client.py")
    assert got["streamed"] > 2
    assert got["whole"] > 1
    assert "Rachel" in got["voices"]


HOURS, PARCEL = "What are your opening hours", "Where is my parcel"


@pytest.fixture(scope="module")
def recording(standin, tmp_path_factory) -> Path:
    """PCM16 at 16 kHz of two sentences, each with a pause behind it."""
    pcm = b""
    for sentence in (HOURS, PARCEL):
        answer = httpx.post(
            f"{standin.elevenlabs_url}/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM",
            params={"output_format": "pcm_16000"},
            headers={"xi-api-key": standin.elevenlabs_key},
            json={"text": f"{sentence}?", "model_id": "eleven_flash_v2_5"},
            trust_env=False,
        )
        pcm += answer.content + bytes(25600)
    path = tmp_path_factory.mktemp("recording") / "sentences.pcm"
    path.write_bytes(pcm)
    return path


@pytest.mark.parametrize(
    ("command", "wrong_key"),
    [
        pytest.param(
            (PEERS, "pipecat_transcription.py"),
            "Error: Invalid API key",
            marks=needs_peers,
            id="pipecat",
        ),
        pytest.param(
            (PEERS, "livekit_transcription.py"),
            "ElevenLabs STT error [auth_error]",
            marks=needs_peers,
            id="livekit",
        ),
        pytest.param(
            (*BROWSER[:2], "transcription.mjs"),
            "Invalid API key",
            marks=needs_javascript,
            id="javascript",
        ),
    ],
)
def test_other_peoples_transcription_clients(standin, recording, command, wrong_key):
    standin.state.strict_keys = True
    try:
        got = run(standin, *command, recording)
    finally:
        standin.state.strict_keys = False
    assert got["vad"] == [HOURS, PARCEL]
    assert got["partial"]
    assert got["manual"] == [f"{HOURS} {PARCEL}"]
    assert [text.lower() for text in got["batch"]] == [f"{HOURS} {PARCEL}".lower()]
    assert got["error"] == wrong_key
    if "browser" in got:  # the client that opens with a single-use token
        assert got["browser"] == [HOURS, PARCEL]
        assert "token was used" in got["usedToken"]
