"""Where the stand-in's own requests go, what they carry, and what comes back to whoever calls."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import closing, contextmanager

import httpx
import pytest
from starlette.responses import PlainTextResponse, RedirectResponse
from talk import agent, dial, hear, hear_all, say
from waiting import HANG, until

from voicekit.standin import Standin
from voicekit.standin.http import reach
from voicekit.standin.http.reach import OutOfReach, Reach, is_public

WRITING = {"conversation_config_override": {"conversation": {"text_only": True}}}
KEY = "s3cret-of-the-first-address"
CANARY = "what-only-the-inside-knows"
PRIVATE = [
    "10.0.0.5",
    "127.0.0.2",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0.0.0.0",
    "169.254.169.254",
    "192.168.1.5",
    "100.64.0.1",
    "224.0.0.1",
    "[::]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fd00::1]",
    "[fe80::1]",
]


def custom(standin, url: str, **more) -> str:
    kept = standin.state.vault.put("llm", KEY)
    own = {"url": url, "api_key": {"secret_id": kept.secret_id}, **more}
    return agent(standin, agent={"prompt": {"llm": "custom-llm", "custom_llm": own}})


def end(standin, made: str, start: dict = WRITING) -> tuple[str, int | None]:
    """All that a caller is told until the conversation ends, and its close code."""
    with dial(standin, made, start) as socket_:
        say(socket_, type="user_message", text="Hi.")
        heard, code, reason = hear_all(socket_)
    return json.dumps(heard) + reason, code


@pytest.mark.parametrize(
    "change",
    [
        {"custom_llm": {"url": "{other}"}},
        {"custom_llm": {"url": "{other}", "api_key": {"secret_id": "secret_000001"}}},
        {"custom_llm": {"request_headers": {"x-key": {"secret_id": "secret_000001"}}}},
        {"tools": [{"type": "webhook", "name": "t", "description": "", "api_schema": {}}]},
        {"mcp_server_ids": ["mcp_1"]},
    ],
)
@pytest.mark.parametrize("signed", [False, True])
def test_a_conversation_cannot_choose_an_address_or_a_secret(standin, llm, http, change, signed):
    first, other = llm("Yes."), llm("Caught.")
    change = json.loads(json.dumps(change).replace("{other}", other.url))
    override = {"conversation": {"text_only": True}, "agent": {"prompt": change}}
    made = custom(standin, first.url)
    query = {}
    if signed:
        url = http.get(f"/v1/convai/conversation/get-signed-url?agent_id={made}").json()
        query = dict(httpx.URL(url["signed_url"]).params)
        query.pop("agent_id")
    with dial(standin, made, {"conversation_config_override": override}, **query) as socket_:
        _, code, reason = hear_all(socket_)
    assert (code, reason) == (
        1008,
        f"Override for field '{next(iter(change))}' is not allowed by config.",
    )
    assert first.bodies == other.bodies == []


def test_a_redirect_gets_neither_the_conversation_nor_the_key(standin, llm):
    other = llm("Caught.")
    first = llm(RedirectResponse(f"{other.url}/chat/completions", 307))
    said, code = end(standin, custom(standin, first.url))
    assert code == 1002
    assert "HTTP 307" in said
    assert (len(first.bodies), other.bodies) == (1, [])


def test_a_webhook_after_the_call_is_not_sent_on_either(standin, llm, http):
    other = llm("Caught.")
    first = llm(RedirectResponse(f"{other.url}/chat/completions", 307))
    settings = {"name": "n", "auth_type": "hmac", "webhook_url": f"{first.url}/chat/completions"}
    hook = http.post("/v1/workspace/webhooks", json={"settings": settings}).json()["webhook_id"]
    http.patch("/v1/convai/settings", json={"webhooks": {"post_call_webhook_id": hook}})
    with dial(standin, agent(standin, agent={"first_message": "Hello."}), WRITING) as socket_:
        hear(socket_, "agent_response")
    until(lambda: standin.state.workspace.get(hook).failure == 307)
    assert (len(first.bodies), other.bodies) == (1, [])


@contextmanager
def speaking(banner: bytes):
    """A server that is no web server, such as a mail server: it says this and hangs up."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            try:
                while True:
                    client, _ = listener.accept()
                    with client:
                        client.sendall(banner)
            except OSError:
                return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(HANG)


@pytest.mark.parametrize(
    "answer",
    [
        PlainTextResponse(CANARY, 401),
        PlainTextResponse(CANARY, 200),
        PlainTextResponse(CANARY, 200, media_type="text/event-stream"),
        PlainTextResponse(f"data: {CANARY}\n\n", media_type="text/event-stream"),
        PlainTextResponse(f'data: {{"{CANARY}": 1}}\n\n', media_type="text/event-stream"),
        PlainTextResponse(f'data: {{"error": "{CANARY}"}}\n\n', media_type="text/event-stream"),
        PlainTextResponse("", 200, media_type=f"text/{CANARY}"),
        PlainTextResponse("", 200, headers={"content-type": CANARY}),
        RedirectResponse(f"http://{CANARY}.example/"),
    ],
)
def test_what_an_inner_address_answers_is_not_told_to_the_caller(standin, llm, answer):
    said, code = end(standin, custom(standin, llm(answer).url))
    assert code == 1002
    assert CANARY not in said


@pytest.mark.parametrize("banner", [b"220 %s ESMTP\r\n", b"HTTP/1.1 200 %s\r\nx\r\n\r\n"])
def test_nor_is_what_another_kind_of_server_answers(standin, http, banner):
    with speaking(banner.replace(b"%s", CANARY.encode())) as url:
        said, code = end(standin, custom(standin, url))
        page = http.post("/v1/convai/knowledge-base/url", json={"url": url})
    assert code == 1002
    assert CANARY not in said
    assert page.status_code == 400
    assert CANARY not in page.text


@pytest.mark.parametrize("host", PRIVATE)
def test_an_address_that_is_not_public_is_called_by_nobody(host, monkeypatch):
    connected = []
    monkeypatch.setattr(socket.socket, "connect", lambda *a: connected.append(a))
    with pytest.raises(OutOfReach, match="not a public address"):
        Reach().pin(httpx.Request("GET", f"http://{host}:8000/"))
    with pytest.raises(OutOfReach):  # a proxy is not asked for it either
        Reach().pin(httpx.Request("GET", f"http://{host}:8000/"), proxied=True)
    assert connected == []


def test_the_caller_is_told_to_allow_it_by_name(standin, http):
    said, code = end(standin, custom(standin, "http://10.0.0.5:8000/v1"))
    assert code == 1002
    assert "10.0.0.5 is not a public address" in said
    page = http.post("/v1/convai/knowledge-base/url", json={"url": "http://169.254.169.254/"})
    assert page.status_code == 400
    assert "allow_addresses" in page.json()["detail"]["message"]


def meaning(monkeypatch, *answers: str) -> list[str]:
    """Let every name mean the first of these, then the second…; the names that were looked up."""
    asked, left = [], list(answers)

    def look_up(host, port, *_, **options):
        if options.get("flags"):
            raise socket.gaierror("it is no number")
        asked.append(host)
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("inner", ["127.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254"])
def test_a_name_that_leads_inside_is_not_called(monkeypatch, inner):
    meaning(monkeypatch, inner)
    for host in ("rebound.example", "localhost.", "localhost.localdomain"):
        with pytest.raises(OutOfReach):
            Reach().pin(httpx.Request("POST", f"https://{host}/v1"))


def test_a_name_that_changes_its_meaning_is_called_where_it_was_judged(monkeypatch):
    asked = meaning(monkeypatch, "203.0.114.7", "127.0.0.1")
    request = httpx.Request("POST", "https://rebound.example/v1")
    Reach().pin(request)
    assert asked == ["rebound.example"]
    assert str(request.url) == "https://203.0.114.7/v1"
    assert request.headers["host"] == "rebound.example"
    assert request.extensions["sni_hostname"] == "rebound.example"


def test_a_private_host_that_is_named_is_called():
    request = httpx.Request("POST", "http://10.0.0.5:8000/v1")
    Reach(["10.0.0.5"]).pin(request)
    assert str(request.url) == "http://10.0.0.5:8000/v1"
    Reach(["[fd00::1]"]).pin(httpx.Request("POST", "http://[fd00::1]/"))
    with pytest.raises(OutOfReach):
        Reach(["10.0.0.5"]).pin(httpx.Request("POST", "http://10.0.0.6/"))
    running = Standin("instant", allow_addresses=["10.0.0.5"])
    running.stop()
    running.state.reach.pin(request)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("host", sorted(reach.LOOPBACK))
def test_loopback_is_called_by_its_plain_names_but_not_by_a_redirect(host):
    url = f"http://[{host}]/" if ":" in host else f"http://{host}/"
    Reach().pin(httpx.Request("GET", url))
    with pytest.raises(OutOfReach):
        Reach().pin(httpx.Request("GET", url), loopback=False)


def test_a_page_to_read_does_not_lead_to_another_port(http, llm):
    inner = llm(PlainTextResponse(CANARY))
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def answer() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(9999)
                client.sendall(
                    f"HTTP/1.1 302 Found\r\nLocation: {inner.url}\r\n"
                    "Content-Length: 0\r\n\r\n".encode()
                )

        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        page = http.post("/v1/convai/knowledge-base/url", json={"url": url})
    assert page.status_code == 400
    assert CANARY not in page.text
    assert inner.bodies == []
