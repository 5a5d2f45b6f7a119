"""Which `Host` and which page may enter: judged without a socket, then over both kinds of them."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing

import httpx
import pytest
import trustme
from waiting import HANG
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from voicekit.serving import serve
from voicekit.serving.gate import Gate

PORT = 8123
OURS = ["127.0.0.1:8123", "localhost:8123", "LocalHost:8123", "[::1]:8123"]
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8123",
    "127.0.0.1",  # that is port 80
    "127.0.0.1:8124",
    "127.0.0.1:08123",
    "127.0.0.1:",
    "127.0.0.1.:8123",
    "localhost.:8123",
    "localhost.evil.example:8123",
    "127.0.0.1.nip.io:8123",
    "user@127.0.0.1:8123",
    "127.0.0.1:8123@evil.example",
    "127.0.0.1:8123, evil.example",
    "127.0.0.1:8123/",
    "http://127.0.0.1:8123",
    "2130706433:8123",
    "0x7f000001:8123",
    "0177.0.0.1:8123",
    "127.1:8123",
    "127.0.0.2:8123",
    "0.0.0.0:8123",
    "[::]:8123",
    "[::ffff:127.0.0.1]:8123",
    "[0:0:0:0:0:ffff:7f00:1]:8123",
    "\u0661\u0662\u0667.0.0.1:8123",
    "127.0.0.1:\u0668\u0661\u0662\u0663",
    "",
    " ",
]
FOREIGN_PAGES = [
    "https://evil.example",
    "http://evil.example:8123",
    "null",
    "",
    "http://localhost:8888",  # JupyterLab itself
    "http://127.0.0.1",
    "http://127.0.0.1:81230",
    "http://localhost:8123.evil.example",
    "http://localhost:8123@evil.example",
    "http://evil.example#localhost:8123",
    "http://localhost:8123/",
    "http://localhost.:8123",
    "file://",
    "file://localhost:8123",
    "chrome-extension://localhost:8123",
    "http://[::ffff:127.0.0.1]:8123",
    "http://0.0.0.0:8123",
    "http://localhost:8123, http://evil.example",
]


def judged(gate: Gate, *headers: tuple[str, str], target: str = "/") -> bool:
    """Whether a request with these headers may enter."""
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    return gate.objection(raw, target.encode()) is None


@pytest.mark.parametrize("host", OURS)
def test_our_own_names_at_our_own_port_enter(host):
    assert judged(Gate(PORT), ("Host", host))


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_foreign_name_stays_out(host):
    assert not judged(Gate(PORT), ("Host", host))
    # Nor does a header that a proxy would add make it ours.
    forwarded = [("X-Forwarded-Host", OURS[0]), ("Forwarded", f"host={OURS[0]}")]
    assert not judged(Gate(PORT), ("Host", host), *forwarded)


def test_no_host_and_two_hosts_stay_out():
    assert not judged(Gate(PORT))
    assert not judged(Gate(PORT), ("Host", OURS[0]), ("Host", "evil.example"))
    assert not judged(Gate(PORT), ("Host", OURS[0]), ("Host", OURS[0]))


@pytest.mark.parametrize("target", ["http://evil.example/", "http://127.0.0.1:8123/", "a:443", ""])
def test_a_request_to_a_proxy_stays_out(target):
    assert not judged(Gate(PORT), ("Host", OURS[0]), target=target)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", OURS)
def test_a_page_of_our_own_enters(host, scheme):
    for called in OURS:
        assert judged(Gate(PORT), ("Host", called), ("Origin", f"{scheme}://{host}"))


@pytest.mark.parametrize("page", FOREIGN_PAGES)
def test_a_foreign_page_stays_out(page):
    assert not judged(Gate(PORT), ("Host", OURS[0]), ("Origin", page))
    ours = ("Origin", f"http://{OURS[0]}")
    assert not judged(Gate(PORT), ("Host", OURS[0]), ours, ("Origin", page))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_page_sends_without_an_origin_stays_out(site):
    request = [("Host", OURS[0]), ("Sec-Fetch-Site", site)]
    assert not judged(Gate(PORT), *request)
    assert not judged(Gate(PORT), *request, ("Referer", "https://evil.example/page"))
    named = Gate(PORT, origins=["http://localhost:3000"])
    assert judged(named, *request, ("Referer", "http://localhost:3000/page"))
    assert not judged(named, *request)


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_what_a_person_types_enters(site):
    assert judged(Gate(PORT), ("Host", OURS[0]), ("Sec-Fetch-Site", site))


def test_who_is_named_enters_and_nobody_else():
    gate = Gate(PORT, ["Hub.example", "port.example:8443"], ["HTTPS://App.example:443"])
    for host in ("hub.example", "hub.example:8000", "port.example:8443", OURS[0]):
        assert judged(gate, ("Host", host))
        assert judged(gate, ("Host", host), ("Origin", "https://app.example"))
        assert not judged(gate, ("Host", host), ("Origin", "http://app.example"))
    for host in ("port.example", "a.hub.example", "hub.example.evil"):
        assert not judged(gate, ("Host", host))


def test_a_page_that_came_from_a_named_host_may_call_it_back():
    gate = Gate(PORT, ["hub.example"])
    assert judged(gate, ("Host", "hub.example"), ("Origin", "https://hub.example"))
    assert not judged(gate, ("Host", OURS[0]), ("Origin", "https://hub.example"))


@pytest.mark.parametrize("host", ["", "*", "http://hub.example", "hub.example/x", "a b"])
def test_what_is_no_host_cannot_be_named(host):
    with pytest.raises(ValueError, match=r"name\.example"):
        Gate(PORT, [host])


@pytest.mark.parametrize("page", ["", "*", "null", "hub.example", "http://hub.example/x"])
def test_what_is_no_origin_cannot_be_named(page):
    with pytest.raises(ValueError, match="localhost:3000"):
        Gate(PORT, [], [page])


# --- over sockets ---


async def app(scope, receive, send):
    """Counts whom it let in."""
    entered.append(scope["type"])
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"read me"})


entered: list[str] = []


@pytest.fixture(scope="module")
def served():
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    running = serve(app, name="gate-test", tls=tls, allow_origins=["http://localhost:3000"])
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _nobody_yet():
    entered.clear()


FOREIGN = [{"Host": "evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_http_and_https_refuse_before_the_app_is_asked(served, scheme, headers):
    url = served.url.replace("http", scheme)
    with httpx.Client(trust_env=False, verify=False) as client:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
            answer = client.request(method, url, headers=headers)
            assert answer.status_code == 403
            assert not [name for name in answer.headers if name.startswith("access-control")]
        assert client.get(url).text == "read me"
    assert entered == ["http"]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_web_sockets_refuse_before_the_app_is_asked(served, scheme, headers):
    tls = ssl.create_default_context() if scheme == "wss" else None
    if tls:
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    url = served.url.replace("http", scheme)
    host, other = headers.get("Host"), {k: v for k, v in headers.items() if k != "Host"}
    at = {"address": ("127.0.0.1", served.port)} if host else {}
    url = url.replace("127.0.0.1", host) if host else url
    with pytest.raises(InvalidStatus, match="403"):
        connect(url, ssl=tls, proxy=None, additional_headers=other, **at)
    assert entered == []
    with connect(served.url.replace("http", scheme), ssl=tls, proxy=None):
        assert entered == ["websocket"]


def test_a_preflight_of_a_foreign_page_allows_nothing_and_of_a_named_one_does(served):
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "xi-api-key"}
    for page, allowed in (("https://evil.example", None), ("http://localhost:3000",) * 2):
        headers = {"Origin": page, **asks}
        answer = httpx.options(served.url, headers=headers, trust_env=False)
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert ("xi-api-key" in answer.headers.get("access-control-allow-headers", "")) == bool(
            allowed
        )
    assert entered == []
    answer = httpx.get(served.url, headers={"Origin": "http://localhost:3000"}, trust_env=False)
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://127.0.0.1:%d/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n",
        b"GET / HTTP/1.0\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nHost: evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: 127.0.0.1:%d\r\n",
        b"GET / HTTP/1.1\r\nHost : 127.0.0.1:%d\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n Host: 127.0.0.1:%d\r\n",
    ],
)
def test_a_trick_with_the_request_line_or_the_headers_is_refused(served, head):
    raw = head.replace(b"%d", b"%d" % served.port)
    with closing(socket.create_connection(("127.0.0.1", served.port), timeout=HANG)) as client:
        client.sendall(raw + b"Connection: close\r\n\r\n")
        answer = client.makefile("rb").read()
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:100]
    assert b"read me" not in answer
    assert entered == []
