import asyncio
import json
import os
import ssl
import sys
import types
import urllib.request

import openai
import pytest
import trustme
from elevenlabs.core.api_error import ApiError
from waiting import HANG

from voicekit import speak
from voicekit.errors import KeyMissingError
from voicekit.serving import serve
from voicekit.world import connect
from voicekit.world.keys import Secret

CANARY = "sk-canary-0123456789abcdef"
OTHER_CANARY = "xi-canary-fedcba9876543210"
VARIABLES = (
    "ELEVENLABS_API_KEY",
    "ELEVENLABS_BASE_URL",
    "NO_PROXY",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "SSL_CERT_FILE",
    "VOICEKIT_OFFLINE",
    "no_proxy",
)


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    """A machine without keys, and an environment that is as before afterwards."""
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "")  # recorded, so that what connect() sets is undone
        monkeypatch.delenv(variable)
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def seen(monkeypatch, tmp_path):
    """A recording server where the stand-in would be; the requests it got, in order."""
    requests = []

    async def app(scope, receive, send):
        await receive()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        requests.append((scope["scheme"], scope["path"], headers))
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        await send(
            {
                "type": "http.response.start",
                "status": 404,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": json.dumps({"detail": "no"}).encode()})

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    bundle = tmp_path / "authorities.pem"
    bundle.write_bytes(authority.cert_pem.bytes())
    served = serve(app, name="recorder", tls=context)

    def start(profile="advertised", port=0):
        return types.SimpleNamespace(
            profile=profile,
            port=port,
            elevenlabs_url=f"{served.url}/elevenlabs",
            openai_url=f"{served.url}/openai/v1",
            elevenlabs_key="offline-elevenlabs",
            openai_key="offline-openai",
            ca_bundle=str(bundle),
        )

    module = types.ModuleType("voicekit.standin")
    module.start = start
    monkeypatch.setitem(sys.modules, "voicekit.standin", module)
    yield requests
    served.stop()


@pytest.fixture
def forbidden(monkeypatch):
    """A stand-in that must not be started."""
    monkeypatch.setitem(sys.modules, "voicekit.standin", None)


@pytest.mark.usefixtures("seen")
def test_without_keys_both_vendors_are_offline():
    world = connect(profile="instant")
    assert world.live == {"elevenlabs": False, "openai": False}
    assert world.elevenlabs_url.endswith("/elevenlabs")
    assert world.openai_url.endswith("/openai/v1")
    assert repr(world) == (
        "ElevenLabs: offline stand-in, profile 'instant' (simulated latency).\n"
        "OpenAI: offline stand-in, profile 'instant' (simulated latency)."
    )


@pytest.mark.usefixtures("forbidden")
def test_with_keys_both_vendors_are_live_and_the_stand_in_is_not_touched(monkeypatch):
    monkeypatch.setenv("ELEVENLABS_API_KEY", OTHER_CANARY)
    world = connect(openai_key=CANARY)
    assert world.live == {"elevenlabs": True, "openai": True}
    assert world.elevenlabs_url == "https://api.elevenlabs.io"
    assert world.openai_url == "https://api.openai.com/v1"
    assert repr(world) == (
        "ElevenLabs: live at api.elevenlabs.io, key set (…3210) from the environment.\n"
        "OpenAI: live at api.openai.com, key set (…cdef) from the argument."
    )
    assert "SSL_CERT_FILE" not in os.environ
    assert "NO_PROXY" not in os.environ


@pytest.mark.usefixtures("seen")
def test_each_vendor_is_live_or_offline_on_its_own(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    world = connect()
    assert world.live == {"elevenlabs": False, "openai": True}
    first, second = repr(world).splitlines()
    assert first.startswith("ElevenLabs: offline")
    assert second.startswith("OpenAI: live")


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize("how", ["argument", "1", "true", "yes"])
def test_offline_is_stronger_than_keys(monkeypatch, how):
    monkeypatch.setenv("ELEVENLABS_API_KEY", OTHER_CANARY)
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    if how != "argument":
        monkeypatch.setenv("VOICEKIT_OFFLINE", how)
    world = connect(offline=True if how == "argument" else None)
    assert world.live == {"elevenlabs": False, "openai": False}
    assert world.openai_key == "offline-openai"


@pytest.mark.usefixtures("forbidden")
@pytest.mark.parametrize("value", ["0", "", "no", "false", "off", "False"])
def test_a_variable_that_says_no_does_not_force_offline(monkeypatch, value):
    monkeypatch.setenv("VOICEKIT_OFFLINE", value)
    assert connect(elevenlabs_key=CANARY, openai_key=CANARY).live["openai"]


@pytest.mark.usefixtures("forbidden")
def test_insisting_on_live_without_a_key_says_where_keys_are_looked_for(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    with pytest.raises(
        KeyMissingError, match=r"^ELEVENLABS_API_KEY not found.*\.env.*keyring"
    ) as e:
        connect(offline=False)
    assert "canary" not in str(e.value)
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(KeyMissingError, match="ELEVENLABS_API_KEY and OPENAI_API_KEY not found"):
        connect(offline=False)


@pytest.mark.usefixtures("seen")
def test_a_server_of_ones_own_is_live_without_a_key(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://user:canary@localhost:11434/v1")
    world = connect()
    assert world.live == {"elevenlabs": False, "openai": True}
    assert repr(world).splitlines()[1] == "OpenAI: live at localhost:11434, no key."
    assert world.openai().api_key == "none"
    assert str(world.openai().base_url) == "http://user:canary@localhost:11434/v1/"


@pytest.mark.usefixtures("forbidden")
def test_a_server_of_ones_own_gets_the_key_that_there_is(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "https://gateway.example/v1")
    world = connect(elevenlabs_key=OTHER_CANARY, openai_key=CANARY)
    assert world.openai().api_key == CANARY
    assert "live at gateway.example, key set" in repr(world)


def test_another_elevenlabs_address_needs_a_key_all_the_same(monkeypatch, seen):
    monkeypatch.setenv("ELEVENLABS_BASE_URL", "https://api.eu.residency.elevenlabs.io")
    assert not connect().live["elevenlabs"]
    assert connect(elevenlabs_key=CANARY).elevenlabs_url.startswith("https://api.eu.")
    assert seen == []


def test_the_official_clients_reach_the_stand_in_with_its_placeholder_keys(seen):
    list_models(connect())
    (_, speech_path, speech_headers), (_, chat_path, chat_headers) = seen
    assert speech_path == "/elevenlabs/v1/models"
    assert speech_headers["xi-api-key"] == "offline-elevenlabs"
    assert chat_path == "/openai/v1/models"
    assert chat_headers["authorization"] == "Bearer offline-openai"


def list_models(world):
    """One request by each vendor's client; the SDKs' sockets are closed for the warnings' sake."""
    speech = world.elevenlabs()
    with pytest.raises(ApiError):
        speech.models.list()
    speech._client_wrapper.httpx_client.httpx_client.close()
    with world.openai() as chat, pytest.raises(openai.NotFoundError):
        chat.models.list()


async def list_models_async(world):
    speech = world.async_elevenlabs()
    with pytest.raises(ApiError):
        await speech.models.list()
    await speech._client_wrapper.httpx_client.httpx_client.aclose()
    async with world.async_openai() as chat:
        with pytest.raises(openai.NotFoundError):
            await chat.models.list()


def test_so_do_the_clients_for_await(seen):
    asyncio.run(list_models_async(connect()))
    assert [path for _, path, _ in seen] == ["/elevenlabs/v1/models", "/openai/v1/models"]


def test_a_client_that_insists_on_tls_trusts_the_stand_in(seen):
    world = connect()
    with pytest.raises(Exception, match="HTTP 403"):
        list(
            world.elevenlabs().text_to_speech.convert_realtime(
                "voice", text=iter(["hello"]), model_id="eleven_flash_v2_5"
            )
        )
    ((scheme, path, _),) = seen
    assert scheme == "wss"
    assert path == "/elevenlabs/v1/text-to-speech/voice/stream-input"


def test_a_proxy_is_not_asked_for_loopback(monkeypatch, seen):
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # nobody answers there
    list_models(connect())
    assert len(seen) == 2


@pytest.mark.usefixtures("seen")
def test_hosts_that_need_no_proxy_are_kept_and_not_repeated(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "intranet.example, localhost")
    connect()
    connect()
    assert os.environ["NO_PROXY"] == "intranet.example,localhost,127.0.0.1"
    assert os.environ["no_proxy"] == "intranet.example,localhost,127.0.0.1"
    monkeypatch.setenv("no_proxy", "*")
    connect()
    assert os.environ["no_proxy"] == "*"


@pytest.mark.usefixtures("seen")
def test_clients_of_the_stand_in_do_not_wait_for_minutes():
    world = connect()
    assert world.openai().timeout == 60
    assert world.elevenlabs()._client_wrapper.get_timeout() == 60


@pytest.mark.usefixtures("forbidden")
def test_clients_of_the_vendors_keep_the_sdks_patience():
    world = connect(elevenlabs_key=CANARY, openai_key=CANARY)
    assert world.openai().timeout == openai.OpenAI(api_key="k").timeout
    assert world.elevenlabs()._client_wrapper.get_timeout() == 240


def test_connecting_again_keeps_the_real_stand_in_and_changes_its_profile():
    first = connect(profile="instant")
    again = connect(profile="advertised")
    from voicekit.standin import start

    standin = start(profile="advertised")
    try:
        assert again.openai_url == first.openai_url == standin.openai_url
        # As any program would that knows nothing of voicekit: trust comes from SSL_CERT_FILE.
        url = f"https://127.0.0.1:{standin.port}/_standin/profile"
        token = {"Authorization": f"Bearer {standin.control_token}"}
        request = urllib.request.Request(url, headers=token)
        direct, secure = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler()
        with urllib.request.build_opener(direct, secure).open(request, timeout=HANG) as response:
            assert "advertised" in response.read().decode()
    finally:
        standin.stop()


def reachable(thing, depth=3):
    """The object, its attributes, public and private, and theirs."""
    yield thing
    if depth and not isinstance(thing, (str, bytes, int, float, type(None))):
        for name in dir(thing):
            if not name.startswith("__"):
                value = getattr(thing, name)
                if not callable(value):
                    yield from reachable(value, depth - 1)


@pytest.mark.usefixtures("forbidden")
def test_no_attribute_shows_a_key():
    world = connect(elevenlabs_key=OTHER_CANARY, openai_key=Secret(CANARY))
    shown = "\n".join(f"{thing!r} {thing}" for thing in reachable(world))
    assert "cdef" in shown  # the walk did reach the key's holder
    assert CANARY not in shown
    assert OTHER_CANARY not in shown
    assert world.openai_key.reveal() == CANARY


PROXIES = ["socks5://127.0.0.1:9", "http://127.0.0.1:9"]


@pytest.mark.parametrize("variable", ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"])
@pytest.mark.parametrize("proxy", PROXIES)
def test_no_client_asks_a_proxy_for_this_machine(monkeypatch, variable, proxy):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, proxy)
    world = connect("instant", offline=True)
    asked = [{"role": "user", "content": "Hello."}]
    with world.openai() as client:
        assert client.chat.completions.create(model="gpt-6-luna", messages=asked).choices
    speaking = world.elevenlabs()
    assert speaking.user.get().user_id
    speaking._client_wrapper.httpx_client.httpx_client.close()

    async def again():
        async with world.async_openai() as client:
            assert (await client.models.list()).data
        speaking = world.async_elevenlabs()
        assert (await speaking.user.get()).user_id
        await speaking._client_wrapper.httpx_client.httpx_client.aclose()
        chunks = [chunk async for chunk in speak("Hello.", world)]
        assert chunks

    asyncio.run(again())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_server_of_ones_own_on_this_machine_is_asked_directly_too(monkeypatch, host):
    monkeypatch.setenv("VOICEKIT_OFFLINE", "0")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://{host}:11434/v1")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with connect("instant").openai() as client:
        assert not client._client._mounts


def test_another_machine_is_asked_through_the_proxy(monkeypatch):
    monkeypatch.setenv("VOICEKIT_OFFLINE", "0")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://llm.example/v1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with connect("instant").openai() as client:
        assert any(client._client._mounts.values())
