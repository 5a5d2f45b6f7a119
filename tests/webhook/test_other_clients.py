"""Clients that nobody here wrote, by the base URL alone: Vercel's AI SDK, xsAI, OpenAI's for JS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from asking import support
from waiting import HANG

from voicekit.webhook import relay, webhook

CLIENTS = Path(__file__).parents[1] / "clients"
SECRET = "a-secret"

pytestmark = [
    pytest.mark.extended,
    pytest.mark.skipif(
        not (CLIENTS / "node_modules" / "ai").is_dir() or not shutil.which("node"),
        reason="needs node and `npm install --no-save --prefix tests/clients`",
    ),
]


@pytest.mark.parametrize("relayed", [False, True])
def test_streams_and_tools_for_three_clients(serving, relayed):
    url = serving(webhook(support, secret=SECRET))
    if relayed:
        url = serving(webhook(relay(f"{url}/v1", key=SECRET), secret=SECRET))
    environment = {
        "PATH": os.environ["PATH"],
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": SECRET,
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        ["node", "webhook.mjs"],
        env=environment,
        cwd=CLIENTS,
        capture_output=True,
        text=True,
        timeout=HANG,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    got = json.loads(done.stdout.splitlines()[-1])
    answer = "Let me look. It is on its way. Anything else?"
    assert got["vercel"] == {"text": answer, "asked": ["1042"], "finish": "stop", "counted": True}
    assert got["xsai"] == {"text": answer, "asked": ["1042"]}
    assert got["openai"] == {"text": "Let me look. ", "asked": ["1042"], "finish": "tool_calls"}
