"""Tunnels: one that the user started, and ngrok's by a package in its place."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import httpx
import pytest
from waiting import until

from voicekit.errors import ServingError
from voicekit.serving import serve
from voicekit.webhook import public, webhook


async def hello(_turn):
    yield "Hello."


@pytest.fixture
def served():
    running = serve(webhook(hello), name="tunnel-test")
    yield running
    running.stop()


@pytest.fixture
def ngrok(monkeypatch):
    """A package with ngrok's two functions, which notes how they are called."""
    calls = []
    listener = SimpleNamespace(url=lambda: "https://abc.ngrok.app")

    def forward(port, **options):
        with pytest.raises(RuntimeError):  # in a notebook's loop it would give a promise
            asyncio.get_running_loop()
        calls.append(("forward", port, options))
        return listener

    package = SimpleNamespace(forward=forward, disconnect=lambda url: calls.append(("end", url)))
    monkeypatch.setitem(sys.modules, "ngrok", package)
    return calls


def test_a_tunnel_of_ones_own_is_named_and_ends_with_the_server(served):
    tunnel = public(served, "https://abc.trycloudflare.com/")
    assert tunnel.base == "https://abc.trycloudflare.com/v1"
    assert repr(tunnel) == "<tunnel https://abc.trycloudflare.com open>"
    served.stop()
    assert ends(tunnel)


def test_ngrok_is_told_the_port_and_closed_with_the_server(served, ngrok):

    async def in_a_notebook():
        return public(served)

    tunnel = asyncio.run(in_a_notebook())
    assert tunnel.url == "https://abc.ngrok.app"
    assert ngrok == [("forward", served.port, {"authtoken_from_env": True})]
    served.stop()
    assert ends(tunnel)
    tunnel.close()
    assert ngrok[1:] == [("end", "https://abc.ngrok.app")]


def ends(tunnel) -> bool:
    return until(lambda: not tunnel.open)


@pytest.mark.parametrize("url", ["http://abc.example", "abc.example", "https://"])
def test_an_address_that_no_platform_calls_is_refused(served, url):
    with pytest.raises(ServingError, match="https"):
        public(served, url)


def test_without_ngrok_it_says_what_to_do(served, monkeypatch):
    monkeypatch.setitem(sys.modules, "ngrok", None)
    with pytest.raises(ServingError, match="pip install ngrok"):
        public(served)


def test_a_stopped_server_has_no_tunnel(served):
    served.stop()
    with pytest.raises(ServingError, match="stopped"):
        public(served, "https://abc.example")


def test_the_tunnels_name_is_let_in_for_as_long_as_it_is_open(served):
    def health() -> int:
        host = {"Host": "abc.trycloudflare.com"}
        with httpx.Client(trust_env=False, verify=False) as client:
            return client.get(f"{served.url}/health", headers=host).status_code

    assert health() == 403
    tunnel = public(served, "https://abc.trycloudflare.com/")
    assert health() == 200
    serve(webhook(hello), name="tunnel-test")  # a cell that is run again keeps the tunnel
    assert health() == 200
    tunnel.close()
    assert health() == 403
