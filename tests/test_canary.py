"""A key that is set never shows: not in an output, an error, a log, the journal or a file."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
import re
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import httpx
import pytest
from notebook_world import CANARY

import voicekit
from voicekit.errors import SpeechDroppedError, SpeechError
from voicekit.standin import start
from voicekit.standin.http.faults import Fault

SHAPES = re.compile(
    rb"\b(?:sk-(?!canary)[A-Za-z0-9_-]{20,}|(?:sk|xi)[_-][0-9a-f]{32,}|gh[pousr]_[A-Za-z0-9]{36}"
    rb"|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|hf_[A-Za-z]{30,}|xox[abp]-[0-9A-Za-z-]{20,})"
    rb"|-----BEGIN [A-Z ]*PRIVATE KEY"
)
ROOT = Path(__file__).parent.parent
RACHEL = "21m00Tcm4TlvDq8ikWAM"
ASKED = {"messages": [{"role": "user", "content": "Hi."}]}
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
        except SpeechError:
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


def test_at_debug_no_librarys_log_of_our_own_client_and_server_shows_it(world, caplog):
    caplog.set_level(logging.DEBUG)

    async def speak() -> None:
        async with voicekit.Voice(world) as voice:
            await voice.speak("Hello there.").clip()

    asyncio.run(speak())
    names = {record.name for record in caplog.records}
    assert "uvicorn.error" in names
    assert [record for record in caplog.records if CANARY in record.getMessage()] == []


BAD_DAYS = {
    "refused": Fault("refuse", name="invalid_api_key", times=20),
    "busy": Fault("refuse", name="service_unavailable", times=20),
    "dropped": Fault("drop", after=1, times=20),
    "half open": Fault("half_open", after=0, seconds=0.1, times=20),
}


@pytest.mark.parametrize("day", [*BAD_DAYS, "strict", "unreachable"])
def test_no_sdk_shows_it_on_a_bad_day(world, monkeypatch, caplog, recwarn, day):
    caplog.set_level(logging.DEBUG)
    state = start("instant").state
    if day == "unreachable":
        monkeypatch.setenv("ELEVENLABS_BASE_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        world = voicekit.connect(offline=False)
    elif day == "strict":
        state.strict_keys = True
    else:
        state.faults.add(dataclasses.replace(BAD_DAYS[day]))
    seen = []
    with world.openai() as chat, httpx.Client(trust_env=False) as transport:
        chat = chat.with_options(max_retries=0)
        speech = world.elevenlabs()
        speech._client_wrapper.httpx_client.httpx_client.close()
        speech._client_wrapper.httpx_client.httpx_client = transport
        once = {"max_retries": 0}
        for call in (
            lambda: list(speech.text_to_speech.stream("voice", text="Hi.", request_options=once)),
            lambda: list(speech.text_to_speech.stream(RACHEL, text="Hi.", request_options=once)),
            lambda: speech.voices.search(request_options=once),
            lambda: list(chat.chat.completions.create(model="gpt-6-luna", **ASKED, stream=True)),
            lambda: chat.chat.completions.create(model="nonsense", **ASKED),
        ):
            try:
                seen.append(repr(call()))
            except Exception as error:
                seen += [traceback.format_exc(), repr(error), str(error), repr(error.args)]
        seen += [repr(chat), str(speech), repr(world), f"{world.openai_key}"]
    seen += [record.getMessage() for record in caplog.records]
    seen += [str(warning.message) for warning in recwarn]
    seen += [repr(entry) for entry in state.journal.entries]
    assert sum("Traceback" in text for text in seen) >= 3
    assert [text for text in seen if CANARY in text] == []


def test_an_unreachable_vendor_does_not_show_it(world):
    address = voicekit.Voice(world)
    address._connection._address = address._connection._address.__class__(
        "http://127.0.0.1:9", CANARY, "voice", "eleven_flash_v2_5", 22050
    )

    async def unreachable() -> None:
        await address.warm()

    with pytest.raises(SpeechDroppedError) as error:
        asyncio.run(unreachable())
    assert CANARY not in "".join(traceback.format_exception(error.value))


def test_the_command_line_prints_placeholders_and_writes_no_key(tmp_path):
    own = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP"), str(tmp_path))
    environment = {**os.environ, **dict.fromkeys(KEYS, CANARY), **own}
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
        written = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert written  # the certificates, at least
        assert not [path.name for path in written if CANARY.encode() in path.read_bytes()]
        process.send_signal(signal.SIGTERM)
        printed += process.stdout.read()
    assert "ELEVENLABS_API_KEY=offline" in printed
    assert CANARY not in printed


def test_no_tracked_file_holds_something_in_the_shape_of_a_key():
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT).stdout
    files = {name: (ROOT / name).read_bytes() for name in tracked.split() if (ROOT / name).exists()}
    assert len(files) > 100
    assert [name for name, content in files.items() if SHAPES.search(content)] == []


@pytest.mark.parametrize(
    "key",
    [
        b"sk-proj-" + b"a1B2" * 12,
        b"sk_" + b"0a1b" * 12,
        b"ghp_" + b"a1B2" * 9,
        b"AKIA" + b"A1B2" * 4,
        b"AIza" + b"a1-_" * 9,
        b"-----BEGIN RSA " + b"PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_key_is_taken_for_one(key):
    assert SHAPES.search(b'key = "' + key + b'"')
    assert not SHAPES.search(b"sk-canary-0123456789abcdef")


def test_no_notebook_holds_the_canary_that_its_kernel_had():
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    assert os.environ["ELEVENLABS_API_KEY"] == CANARY  # the kernels of nbval inherit it
    assert notebooks
    assert not [path.name for path in notebooks if CANARY in path.read_text("utf-8")]
