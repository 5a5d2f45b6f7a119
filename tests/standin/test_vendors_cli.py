"""The vendor's command line against the stand-in: a project begun, pushed, changed and pulled."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from voicekit.standin import Standin

HERE = Path(__file__).resolve().parents[1] / "clients" / "node_modules" / ".bin"
CLI = shutil.which("elevenlabs", path=os.pathsep.join([str(HERE), os.environ.get("PATH", "")]))

pytestmark = [
    pytest.mark.extended,
    pytest.mark.skipif(CLI is None, reason="needs `npm install` in tests/clients"),
]


def run(standin: Standin, folder: Path, *words: str, answer: str = "") -> str:
    environment = {
        **os.environ,
        "ELEVENLABS_API_KEY": standin.elevenlabs_key,
        "ELEVENLABS_BASE_URL": standin.elevenlabs_url,
        "NO_PROXY": "127.0.0.1",
        "HOME": str(folder),
    }
    done = subprocess.run(
        [str(CLI), *words],
        cwd=folder,
        env=environment,
        input=answer,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_agent_is_pushed_and_pulled_as_files(standin: Standin, tmp_path: Path) -> None:
    run(standin, tmp_path, "agents", "init")
    run(standin, tmp_path, "agents", "add", "Desk", "--template", "minimal")
    (listed,) = json.loads((tmp_path / "agents.json").read_text("utf-8"))["agents"]
    file = tmp_path / listed["config"]
    config = json.loads(file.read_text("utf-8"))
    config["conversation_config"]["agent"]["first_message"] = "Acme, hello."
    file.write_text(json.dumps(config), "utf-8")
    run(standin, tmp_path, "agents", "push")
    agent = standin.state.agents.get(listed["id"])
    assert agent.conversation_config["agent"]["first_message"] == "Acme, hello."
    standin.state.agents.update(
        listed["id"], {"conversation_config": {"agent": {"first_message": "Hello again."}}}
    )
    run(standin, tmp_path, "agents", "pull", "--all", answer="y\n")
    pulled = json.loads(file.read_text("utf-8"))
    assert pulled["conversation_config"]["agent"]["first_message"] == "Hello again."
