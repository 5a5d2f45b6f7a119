"""A real browser with a hostile page in it: nothing is read, changed or spent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import uvicorn
from every_route import STANDIN_ROUTES, of_webhook
from playwright.sync_api import Browser

from acme import Desk
from bench.browser_page import chromium
from voicekit.serving import serve
from voicekit.standin import Standin
from voicekit.webhook import ANYONE, webhook

pytestmark = pytest.mark.extended

ATTACK = (Path(__file__).parent / "hostile.js").read_text("utf-8")
FORGED = json.dumps(
    {
        "kind": "refuse",
        "times": 99,
        "strict_keys": True,
        "name": "independent",
        "model": "gpt-6-luna",
        "stream": True,
        "messages": [{"role": "user", "content": "I want a refund for order 1042."}],
    }
)
NAMES = ("evil.example", "rebound.example")


async def shop_window(_scope, _receive, send):
    html = [(b"content-type", b"text/html")]
    await send({"type": "http.response.start", "status": 200, "headers": html})
    await send({"type": "http.response.body", "body": b"<!doctype html><title>win!</title>"})


class Counting:
    """An app that counts whoever gets as far as it, and answers any page."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    async def __call__(self, scope, receive, send):
        self.seen.append((scope["type"], scope.get("method", "WEBSOCKET")))
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            return
        headers = [(b"access-control-allow-origin", b"*"), (b"access-control-allow-headers", b"*")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"read me"})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    rules = ",".join(f"MAP {name} 127.0.0.1" for name in NAMES)
    with chromium(options=(f"--host-resolver-rules={rules}",)) as browser:
        yield browser


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """Where the hostile page comes from: another port of this machine, under several names."""
    running = serve(shop_window, name="hostile-page", allow_hosts=NAMES)
    yield str(running.port)
    running.stop()


@pytest.fixture
def visit(browser, shop):
    """`visit(page, base, routes)`: a person opens the page, and it tries these; what it reads."""
    with browser.new_context() as profile:
        tab = profile.new_page()

        def open_it(name: str, base: str, routes: list[tuple[str, str]]) -> list[str]:
            tab.goto(f"http://{name}:{shop}/")
            return tab.evaluate(ATTACK, [base, routes, FORGED])

        yield open_it


def test_the_page_is_hostile(visit):
    """Where there is no gate it reads, and every kind of request arrives."""
    app = Counting()
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    routes = [("GET", "/a"), ("POST", "/b"), ("WEBSOCKET", "/c")]
    try:
        read = visit("evil.example", f"http://127.0.0.1:{port}", routes)
    finally:
        server.should_exit = True
        thread.join(10)
    assert {("http", "GET"), ("http", "POST"), ("websocket", "WEBSOCKET")} <= set(app.seen)
    assert any(entry.startswith("socket") for entry in read)
    assert any(entry.startswith("cors") for entry in read)


# Another site, another port of this machine, and a name of its own that points here by now.
PAGES = [
    ("evil.example", "127.0.0.1"),
    ("localhost", "127.0.0.1"),
    ("evil.example", "rebound.example"),
]


@pytest.mark.parametrize(("page", "name"), PAGES)
def test_the_stand_in_is_neither_read_nor_changed(visit, page, name):
    standin = Standin("instant")
    try:
        before = repr([vars(agent) for agent in standin.state.agents.all()])
        assert visit(page, f"http://{name}:{standin.port}", STANDIN_ROUTES) == []
        assert list(standin.state.journal.entries) == []
        assert standin.state.faults.waiting == []
        assert (standin.profile, standin.state.strict_keys) == ("instant", False)
        assert repr([vars(agent) for agent in standin.state.agents.all()]) == before
        assert standin.state.conversations.all() == []
        assert standin.state.characters == 0
    finally:
        standin.stop()


@pytest.mark.parametrize(("page", "name"), PAGES)
def test_nor_is_any_app_that_is_served(visit, page, name):
    app = Counting()
    served = serve(app, name="hostile-target")
    try:
        routes = [("GET", "/"), ("POST", "/"), ("PUT", "/"), ("DELETE", "/"), ("WEBSOCKET", "/")]
        assert visit(page, f"http://{name}:{served.port}", routes) == []
        assert app.seen == []
    finally:
        served.stop()


def test_nor_does_a_webhook_spend_anything_not_even_one_for_anyone(visit, tmp_path):
    desk = Desk(tmp_path / "acme.db", today=date(2026, 11, 21))

    async def answer(turn):
        desk.orders.pay_back("1042", 4200)
        yield turn.said

    app = webhook(answer, secret=ANYONE)
    served = serve(app, name="hostile-webhook")
    try:
        assert visit("evil.example", served.url, of_webhook(app)) == []
        assert len(app.log) == 0
        assert desk.orders.refunds() == []
    finally:
        served.stop()


def test_a_page_that_is_named_is_let_in(browser, shop):
    origin = f"http://localhost:{shop}"
    app = Counting()
    served = serve(app, name="hostile-target", allow_origins=[origin])
    try:
        with browser.new_context() as profile:
            tab = profile.new_page()
            tab.goto(origin)
            read = tab.evaluate(ATTACK, [served.url, [("POST", "/"), ("WEBSOCKET", "/")], FORGED])
    finally:
        served.stop()
    assert any(entry.startswith("cors POST") for entry in read)
    assert any(entry.startswith("socket") for entry in read)
