"""Tracebacks that show local variables (IPython's Verbose, rich, cgitb, pytest -l) show no key."""

from __future__ import annotations

import asyncio
import http.client
import io
import traceback
from pathlib import Path

import pytest
from aiohttp import web
from starlette.requests import Request

import voicekit
from voicekit.errors import KeyMissingError
from voicekit.standin.agents.config import CustomLlm
from voicekit.standin.agents.secrets import Vault
from voicekit.standin.answer import llm_http
from voicekit.standin.conversation.ending import Ended
from voicekit.tools.commands import probe as probe_command
from voicekit.webhook import Turn, relay, webhook
from voicekit.webhook.guard import Guard, Refused
from voicekit.world.keys import Secret, find_key

CANARY = "canary-0123456789abcdef-canary"
OURS = str(Path(voicekit.__file__).parent)
VARIABLE = "VOICEKIT_TEST_KEY"


def shown(error: BaseException) -> str:
    """What such a traceback shows of our own functions, and of every error it speaks of."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    parts = []
    while told is not None:
        parts += list(told.format_exception_only())
        for frame in told.stack:
            if frame.filename.startswith(OURS):
                parts.append(f"{frame.filename}:{frame.lineno} {frame.locals}")
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
    return "\n".join(parts)


def failing(call, *arguments, **options) -> str:
    try:
        result = call(*arguments, **options)
        if asyncio.iscoroutine(result):
            result = asyncio.run(result)
    except BaseException as error:
        told = shown(error)
        assert OURS in told, "no function of ours failed"
        return told
    raise AssertionError(f"nothing failed, it gave {result!r}")


async def hello(_turn):
    yield "Hello."


class Struck(BaseException):
    """As an interrupt, it may strike anywhere."""


def strike(*_arguments, **_options):
    raise Struck


def test_the_judge_sees_a_key_that_is_in_a_variable():
    key = CANARY
    told = traceback.TracebackException
    try:
        find_key(VARIABLE, given=key + "\u00e9")
    except KeyMissingError as error:
        lines = "".join(told.from_exception(error, capture_locals=True).format())
    assert CANARY in lines  # this test's own variable
    assert CANARY not in failing(find_key, VARIABLE, given=CANARY + "\u00e9")


@pytest.mark.parametrize("bad", [f"{CANARY} {CANARY}", f"{CANARY}\u00e9"])
def test_looking_for_a_key(monkeypatch, bad):
    monkeypatch.setenv(VARIABLE, bad)
    assert CANARY not in failing(find_key, VARIABLE)
    assert CANARY not in failing(voicekit.connect, elevenlabs_key=bad, offline=False)


def test_connecting(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "VOICEKIT_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    assert CANARY not in failing(voicekit.connect, elevenlabs_key=CANARY, offline=False)
    world = voicekit.connect(elevenlabs_key=CANARY, openai_key=CANARY, offline=False)
    import elevenlabs
    import openai

    for module, name in ((elevenlabs, "ElevenLabs"), (elevenlabs, "AsyncElevenLabs")):
        monkeypatch.setattr(module, name, strike)
    for name in ("OpenAI", "AsyncOpenAI"):
        monkeypatch.setattr(openai, name, strike)
    for make in (world.elevenlabs, world.async_elevenlabs, world.openai, world.async_openai):
        assert CANARY not in failing(make)


def test_a_secret_itself():
    odd = Secret(CANARY + "\ud800")
    assert odd != CANARY
    assert odd == CANARY + "\ud800"
    assert CANARY not in failing(format, Secret(CANARY), "nonsense")


@pytest.mark.parametrize("secret", [CANARY, [CANARY, CANARY], Secret(CANARY)])
@pytest.mark.parametrize("mistake", [{"filler": "Hm"}, {"max_sentences": 0}, {"streams": 0}])
def test_making_a_webhook(secret, mistake):
    assert CANARY not in failing(webhook, hello, secret=secret, **mistake)
    assert CANARY not in failing(webhook, hello, secret=[CANARY, ""])


@pytest.mark.parametrize("header", [f"Bearer {CANARY}", f"Basic {CANARY}", CANARY])
def test_turning_somebody_away(header):
    scope = {"type": "http", "headers": [(b"authorization", header.encode())]}
    guard = Guard([Secret("another-secret")], 100, 1)
    with pytest.raises(Refused) as refused:
        guard.admit(Request(scope))
    assert CANARY not in shown(refused.value)


def test_a_relay_whose_address_is_none():
    assert CANARY not in failing(relay, "ftp://nowhere", key=CANARY)


@pytest.mark.parametrize("kind", ["closed", "refuses", "redirects", "mumbles", "struck"])
def test_a_relay_that_fails(monkeypatch, kind):
    async def ask() -> None:
        async def handle(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=401 if kind == "refuses" else 307, text=CANARY)

        async def mumble(reader, writer) -> None:
            await reader.readline()
            writer.write(b"220 mumble\r\n\r\n")
            writer.close()

        loop = asyncio.get_running_loop()
        if kind == "mumbles":
            server = await asyncio.start_server(mumble, "127.0.0.1", 0)
        else:
            server = await loop.create_server(web.Server(handle), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        if kind == "closed":
            server.close()
        if kind == "struck":
            monkeypatch.setattr("aiohttp.ClientSession.post", strike)
        try:
            turn = Turn({"messages": [{"role": "user", "content": "Hi."}]})
            async for _ in relay(f"http://127.0.0.1:{port}/v1", key=CANARY)(turn):
                pass
        finally:
            server.close()

    assert CANARY not in failing(ask)


@pytest.mark.parametrize("secret", [CANARY, Secret(CANARY)])
def test_a_probe(monkeypatch, secret):
    url = "http://127.0.0.1:9/v1"
    assert CANARY not in failing(voicekit.probe, "nowhere", secret)
    assert CANARY not in failing(voicekit.probe, url, f"{CANARY} x")
    assert CANARY not in failing(voicekit.probe, url, secret, checks=["nonsense"])
    for name in ("connect", "request", "getresponse", "close"):
        with monkeypatch.context() as patch:
            if name != "connect":
                patch.setattr(http.client.HTTPConnection, "connect", lambda *_: None)
            if name == "getresponse":
                patch.setattr(http.client.HTTPConnection, "request", lambda *_: None)
            patch.setattr(http.client.HTTPConnection, name, strike)
            assert CANARY not in failing(voicekit.probe, url, secret)


def test_the_probe_command(monkeypatch):
    monkeypatch.setattr("voicekit.tools.probe.probe", strike)
    monkeypatch.setattr("sys.stdin", io.StringIO(CANARY))
    assert CANARY not in failing(probe_command.main, ["http://x/v1", "--secret", "-"])


def test_a_voice(monkeypatch):
    monkeypatch.setenv("ELEVENLABS_BASE_URL", "http://127.0.0.1:9")
    world = voicekit.connect(elevenlabs_key=CANARY, openai_key=CANARY, offline=False)
    assert CANARY not in failing(voicekit.Voice, world, rate="fast", settings=3, voice=3, first=3)

    async def warm() -> None:
        await voicekit.Voice(world).warm()

    assert CANARY not in failing(warm)
    monkeypatch.setattr("voicekit.speech.channel.connect.__init__", strike)
    assert CANARY not in failing(warm)


def test_what_the_stand_in_keeps():
    vault = Vault(lambda kind: f"{kind}_1", lambda: 0.0)
    kept = vault.put("llm", CANARY)
    known, unknown = {"secret_id": kept.secret_id}, {"secret_id": "none"}
    custom = CustomLlm(url="http://x/v1", api_key=known, request_headers={"x": unknown})
    with pytest.raises(Ended) as ended:
        llm_http.headers(custom, vault, {})
    assert CANARY not in shown(ended.value) + repr(vars(vault)) + repr(vars(kept))
    custom = CustomLlm(url="http://x/v1", api_key=known)
    assert llm_http.headers(custom, vault, {}) == {"Authorization": f"Bearer {CANARY}"}
