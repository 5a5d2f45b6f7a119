"""A key that is set never shows: not in an output, an error, a log, the journal or a file."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from notebook_world import CANARY

import voicekit
from voicekit.standin import start
from voicekit.standin.faults import Fault

ROOT = Path(__file__).parent.parent
KEYS = ("ELEVENLABS_API_KEY", "OPENAI_API_KEY")


@pytest.fixture
def world(monkeypatch, tmp_path):
    """Both vendors 'live' with canary keys, at the stand-in's address."""
    monkeypatch.setenv("VOICEKIT_OFFLINE", "1")
    standin = start("instant")
    standin.state.reset()
    monkeypatch.delenv("VOICEKIT_OFFLINE")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for key in KEYS:
        monkeypatch.setenv(key, CANARY)
    monkeypatch.setenv("ELEVENLABS_BASE_URL", standin.elevenlabs_url)
    monkeypatch.setenv("OPENAI_BASE_URL", standin.openai_url)
    yield voicekit.connect(offline=False)
    standin.state.reset()


async def said(world) -> list[str]:
    """What a person may see of a good utterance and of three refused ones."""
    seen = []
    async with voicekit.Voice(world) as voice:
        utterance = voice.speak("Hello there.")
        clip = await utterance.clip()
        seen += [repr(clip), clip._repr_html_(), repr(utterance), repr(utterance.timeline)]
        seen += [repr(voice), repr(vars(utterance)), repr(vars(voice))]
    for name in ("invalid_api_key", "quota_exceeded", "model_not_allowed"):
        start("instant").state.faults.add(Fault("refuse", "*/stream-input", name=name))
        try:
            await voicekit.Voice(world).speak("Hello there.").clip()
        except voicekit.SpeechError:
            seen.append(traceback.format_exc())
    return seen


def test_our_own_client_never_shows_it(world, caplog, tmp_path):
    caplog.set_level(logging.DEBUG, logger="voicekit")
    seen = [repr(world), repr(vars(world)), *asyncio.run(said(world))]
    seen += [record.getMessage() for record in caplog.records if record.name[:8] == "voicekit"]
    seen += [repr(entry) for entry in start("instant").state.journal.entries]
    seen += [path.read_text("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert len(seen) > 12
    assert not [text for text in seen if CANARY in text]
    assert world.elevenlabs_key.reveal() == CANARY  # it was really in use


def test_an_unreachable_vendor_does_not_show_it(world):
    address = voicekit.Voice(world)
    address._connection._address = address._connection._address.__class__(
        "http://127.0.0.1:9", CANARY, "voice", "eleven_flash_v2_5", 22050
    )

    async def unreachable() -> None:
        await address.warm()

    with pytest.raises(voicekit.SpeechDroppedError) as error:
        asyncio.run(unreachable())
    assert CANARY not in "".join(traceback.format_exception(error.value))


def test_the_command_line_prints_placeholders_only():
    environment = {**os.environ, **dict.fromkeys(KEYS, CANARY)}
    command = [sys.executable, "-m", "voicekit", "standin", "--profile", "instant"]
    with subprocess.Popen(
        command,
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        printed = "".join(iter(process.stdout.readline, "READY\n"))
        process.send_signal(signal.SIGTERM)
        printed += process.stdout.read()
    assert "ELEVENLABS_API_KEY=offline" in printed
    assert CANARY not in printed


def test_no_tracked_file_holds_something_in_the_shape_of_a_key():
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT).stdout
    shape = re.compile(rb"\b(sk-(proj-)?[A-Za-z0-9]{20,}|sk_[0-9a-f]{40,})\b")
    found = [n for n in tracked.split() if shape.search((ROOT / n).read_bytes())]
    assert tracked
    assert found == []


def test_no_notebook_holds_the_canary_that_its_kernel_had():
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert os.environ["ELEVENLABS_API_KEY"] == CANARY  # the kernels of nbval inherit it
    assert notebooks
    assert not [path.name for path in notebooks if CANARY in path.read_text("utf-8")]
