"""No route of the route tables lets a foreign name, a foreign page or a stranger in."""

from __future__ import annotations

import httpx
import pytest
from every_route import STANDIN_ROUTES, of_webhook
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from voicekit.serving import serve
from voicekit.standin import Standin
from voicekit.webhook import ANYONE, webhook

FOREIGN = {
    "name": {"Host": "rebound.example"},
    "page": {"Origin": "https://evil.example"},
    "other port": {"Origin": "http://localhost:8888"},
    "file": {"Origin": "null"},
    "image": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    "link": {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
}


async def hello(_turn):
    yield "Hello."


@pytest.fixture(scope="module")
def standin():
    running = Standin("instant")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client():
    with httpx.Client(trust_env=False, verify=False) as client:
        yield client


def refused(client: httpx.Client, base: str, method: str, path: str, headers: dict) -> None:
    """See that a request with good keys and a foreign sender is turned away."""
    keys = {"xi-api-key": "k", "authorization": "Bearer k", "content-type": "application/json"}
    if method == "WEBSOCKET":
        other = {name: value for name, value in headers.items() if name != "Host"}
        host = headers.get("Host", base.removeprefix("http://").partition(":")[0])
        port = int(base.rpartition(":")[2])
        with pytest.raises(InvalidStatus, match="403"):
            connect(
                f"ws://{host}:{port}{path}",
                address=("127.0.0.1", port),
                proxy=None,
                additional_headers={**other, "xi-api-key": "k"},
            )
        return
    answer = client.request(method, base + path, headers={**keys, **headers}, content=b"{}")
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("who", FOREIGN)
def test_the_stand_in_lets_no_foreigner_in(standin, client, who):
    base = standin.control_url.removesuffix("/_standin")
    assert len(STANDIN_ROUTES) > 60
    for method, path in STANDIN_ROUTES:
        token = {"authorization": f"Bearer {standin.control_token}"}
        refused(client, base, method, path, {**token, **FOREIGN[who]})
        if method != "WEBSOCKET":
            refused(client, base.replace("http", "https"), method, path, FOREIGN[who])
    assert not standin.state.journal.entries  # nothing has got as far as the books
    assert len(standin.state.agents.all()) == 1


@pytest.mark.parametrize("who", FOREIGN)
def test_a_webhook_lets_no_foreigner_in_not_even_one_for_anyone(client, who):
    app = webhook(hello, secret=ANYONE)
    served = serve(app, name="every-route")
    try:
        for method, path in of_webhook(app):
            refused(client, served.url, method, path, FOREIGN[who])
        assert len(app.log) == 0
    finally:
        served.stop()


CONTROL = [(m, p) for m, p in STANDIN_ROUTES if p.startswith("/_standin")]


@pytest.mark.parametrize("shown", [None, "Bearer", "Bearer x", "Bearer {}x", "bearer {}", "{}"])
@pytest.mark.parametrize(("method", "path"), CONTROL)
def test_the_control_plane_opens_to_its_token_alone(standin, client, method, path, shown):
    base = standin.control_url.removesuffix("/_standin")
    headers = {"xi-api-key": standin.elevenlabs_key, "content-type": "application/json"}
    if shown is not None:
        headers["authorization"] = shown.format(standin.control_token)
    answer = client.request(method, base + path, headers=headers, content=b'{"kind": "drop"}')
    assert answer.status_code == 401
    if method != "HEAD":
        assert "VOICEKIT_STANDIN_TOKEN" in answer.json()["error"]
        assert standin.control_token not in answer.text
    assert standin.state.faults.waiting == []


def test_each_stand_in_has_a_token_of_its_own(standin):
    other = Standin("instant")
    other.stop()
    assert other.control_token != standin.control_token
    assert len(standin.control_token) >= 32
    assert standin.control_token not in repr(standin) + repr(standin.state)
