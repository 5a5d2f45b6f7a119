import asyncio
import gc
import http.client
import logging
import os
import socket
import ssl
import sys
import threading
import urllib.error
import urllib.request
from contextlib import closing

import pytest
import trustme
from waiting import HANG
from websockets.exceptions import ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect

from voicekit.errors import ServingError
from voicekit.serving import serve
from voicekit.serving.server import _Loop

AUTHORITY = trustme.CA()


def saying(text: str):
    """An app that answers every request with `text` and every frame with `text` and the frame."""

    async def app(scope, receive, send):
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                await send({"type": "websocket.send", "text": f"{text} {message['text']}"})
            return
        await answer(send, f"{text} {scope['scheme']}".encode())

    return app


async def answer(send, body: bytes):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def endless(_scope, _receive, send):
    """An app whose response never ends by itself."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": b"tick\n", "more_body": True})
        await asyncio.sleep(0.01)


@pytest.fixture
def serving():
    """`serve`, with every server stopped afterwards and every socket and thread given back."""
    before = threading.active_count()
    made = []

    def start(app, **options):
        made.append(serve(app, **options))
        return made[-1]

    yield start
    for served in made:
        served.stop()
    assert threading.active_count() == before
    gc.collect()  # a socket that was not closed warns here, and a warning is an error


@pytest.fixture(scope="module")
def server_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_tls():
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def get(url: str, tls: ssl.SSLContext | None = None) -> str:
    direct = urllib.request.ProxyHandler({})
    secure = urllib.request.HTTPSHandler(context=tls)
    with urllib.request.build_opener(direct, secure).open(url, timeout=HANG) as response:
        return response.read().decode()


def test_an_app_is_served_on_loopback(serving):
    served = serving(saying("hello"))
    assert served.url == f"http://127.0.0.1:{served.port}"
    assert served.alive
    assert get(served.url) == "hello http"


def test_serving_a_name_again_swaps_the_app_and_keeps_the_port(serving):
    first = serving(saying("old"), name="hook")
    again = serving(saying("new"), name="hook")
    assert again is first
    assert again.revision == 2
    assert get(first.url) == "new http"
    assert repr(again) == f"<hook {again.url}, revision 2>"


def test_asking_again_for_the_port_it_has_is_a_swap(serving):
    first = serving(saying("old"), name="hook")
    assert serving(saying("new"), name="hook", port=first.port) is first


def test_another_port_moves_the_name(serving):
    first = serving(saying("old"), name="hook")
    moved = serving(saying("new"), name="hook", port=free_port())
    assert moved.port != first.port
    assert not first.alive
    assert get(moved.url) == "new http"


def test_a_move_that_fails_leaves_the_old_server_running(serving):
    first = serving(saying("old"), name="hook")
    other = serving(saying("other"), name="other")
    with pytest.raises(ServingError):
        serving(saying("new"), name="hook", port=other.port)
    assert get(first.url) == "old http"
    assert serving(saying("new"), name="hook") is first


def test_a_swap_can_add_tls(serving, server_tls, client_tls):
    served = serving(saying("plain"), name="hook")
    assert serving(saying("both"), name="hook", tls=server_tls) is served
    assert get(served.url.replace("http", "https"), client_tls) == "both https"


def test_a_request_under_way_finishes_with_the_app_it_began_with(serving):
    entered, leave = threading.Event(), threading.Event()

    async def slow(_scope, _receive, send):
        entered.set()
        await asyncio.to_thread(leave.wait, HANG)
        await answer(send, b"old")

    served = serving(slow, name="hook")
    answers = []
    caller = threading.Thread(target=lambda: answers.append(get(served.url)))
    caller.start()
    assert entered.wait(HANG)
    serving(saying("new"), name="hook")
    assert get(served.url) == "new http"
    leave.set()
    caller.join(HANG)
    assert answers == ["old"]


def test_different_names_have_different_ports(serving):
    one, two = serving(saying("one"), name="one"), serving(saying("two"), name="two")
    assert get(one.url) == "one http"
    assert get(two.url) == "two http"


def test_one_port_speaks_plain_http_and_tls(serving, server_tls, client_tls):
    served = serving(saying("hello"), tls=server_tls)
    assert get(served.url) == "hello http"
    assert get(served.url.replace("http", "https"), client_tls) == "hello https"


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_one_port_speaks_websocket_over_both(serving, server_tls, client_tls, scheme):
    served = serving(saying("echo"), tls=server_tls)
    tls = client_tls if scheme == "wss" else None
    url = served.url.replace("http", scheme)
    with connect(url, ssl=tls, proxy=None, open_timeout=HANG) as socket_:
        socket_.send("one")
        assert socket_.recv(timeout=HANG) == "echo one"
        socket_.send("two")
        assert socket_.recv(timeout=HANG) == "echo two"


def test_refusing_a_websocket_with_a_response_is_no_error(serving, caplog):
    async def refuse(_scope, receive, send):
        await receive()
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"no"})

    served = serving(refuse)
    with pytest.raises(InvalidStatus, match="HTTP 401"):
        connect(served.url.replace("http", "ws"), proxy=None)
    served.stop()
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_a_failing_app_is_an_error_in_the_log(serving, caplog):
    async def fail(_scope, _receive, _send):
        raise LookupError("the learner's own mistake")

    served = serving(fail)
    with pytest.raises(urllib.error.HTTPError, match="500") as caught:
        get(served.url)
    caught.value.close()
    assert "the learner's own mistake" in caplog.text


def test_a_silent_client_does_not_keep_others_waiting(serving, server_tls, client_tls):
    served = serving(saying("hello"), tls=server_tls)
    silent = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(20)]
    assert get(served.url.replace("http", "https"), client_tls) == "hello https"
    assert get(served.url) == "hello http"
    for client in silent:
        client.close()


@pytest.mark.parametrize("start", [b"", b"\x16", b"\x16\x03\x01\x00\x05hello", b"\xff\xfe\r\n\r\n"])
def test_a_client_that_talks_nonsense_or_leaves_harms_nobody(serving, server_tls, start, caplog):
    served = serving(saying("hello"), tls=server_tls)
    with closing(socket.create_connection(("127.0.0.1", served.port))) as client:
        client.sendall(start)
    with closing(socket.create_connection(("127.0.0.1", served.port))) as client:
        client.sendall(start)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset
    assert get(served.url) == "hello http"
    assert [r for r in caplog.records if r.name == "asyncio"] == []


def test_a_taken_port_is_refused_with_a_way_out():
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServingError, match=f"Port {port} on 127.0.0.1.*port=0"):
            serve(saying("never"), name="refused", port=port)
    assert [thread.name for thread in threading.enumerate() if "refused" in thread.name] == []


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_does_not_exist_is_refused(port):
    with pytest.raises(ServingError, match="port=0"):
        serve(saying("never"), name="refused", port=port)


def test_stop_is_prompt_and_can_be_repeated(serving):
    served = serving(saying("hello"))
    get(served.url)
    served.stop()
    served.stop()
    assert not served.alive
    assert repr(served) == "<app stopped, revision 1>"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", served.port), timeout=1)


def test_stop_does_not_wait_for_clients(serving, server_tls, client_tls, caplog):
    served = serving(endless, tls=server_tls)
    silent = socket.create_connection(("127.0.0.1", served.port))
    idle = http.client.HTTPConnection("127.0.0.1", served.port)
    idle.connect()
    reading = http.client.HTTPSConnection("127.0.0.1", served.port, context=client_tls)
    reading.request("GET", "/")
    response = reading.getresponse()
    assert response.readline() == b"tick\n"
    served.stop()
    assert not served.alive
    for client in (silent, idle, response, reading):
        client.close()
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


async def stubborn(_scope, receive, send):
    """A WebSocket app that does not notice that its client has gone."""
    await receive()
    await send({"type": "websocket.accept"})
    await asyncio.Event().wait()


@pytest.mark.parametrize("app", [saying("echo"), stubborn])
def test_stop_ends_an_open_websocket(serving, app, caplog):
    served = serving(app)
    with connect(served.url.replace("http", "ws"), proxy=None) as socket_:
        served.stop()
        assert not served.alive
        socket_.close()
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_a_stopped_name_can_be_served_again(serving):
    first = serving(saying("old"), name="hook")
    first.stop()
    second = serving(saying("new"), name="hook", port=first.port)
    assert second is not first
    assert get(second.url) == "new http"


def test_stopping_an_old_server_leaves_its_successor_alone(serving):
    first = serving(saying("old"), name="hook")
    first.stop()
    second = serving(saying("new"), name="hook")
    first.stop()
    assert serving(saying("newer"), name="hook") is second


def test_an_app_can_cut_its_clients_connection(serving):
    async def cut(scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        scope["voicekit.served"].transport(scope["client"]).abort()

    served = serving(cut)
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        get(served.url)


def test_a_client_is_who_is_connected_whatever_its_headers_say(serving):
    async def who(scope, _receive, send):
        await answer(send, f"{scope['scheme']} {scope['client'][0]}".encode())

    served = serving(who)
    with closing(http.client.HTTPConnection("127.0.0.1", served.port)) as client:
        forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
        client.request("GET", "/", headers=forged)
        assert client.getresponse().read() == b"http 127.0.0.1"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_running_out_of_file_descriptors_passes(serving):
    import resource

    served = serving(saying("hello"))  # nobody has called it: no connection gives a number back
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with closing(socket.socket()) as client:
        client.settimeout(0.2)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free_number(), hard))
        try:
            client.connect(("127.0.0.1", served.port))
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % served.port)
            with pytest.raises(TimeoutError):
                client.recv(1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        client.settimeout(HANG)
        assert client.recv(12) == b"HTTP/1.1 200"


def lowest_free_number() -> int:
    free = os.dup(0)
    os.close(free)
    return free


def test_many_connections_leave_no_record_behind(serving):
    served = serving(saying("hello"))
    for _ in range(20):
        get(served.url)
    assert len(served._listener.transports) <= 2


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def repeat_what_comes(_scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


def test_a_websocket_is_told_that_the_server_goes_away():
    served = serve(repeat_what_comes, name="goodbye")
    with connect(served.url.replace("http", "ws"), proxy=None) as socket:
        socket.send("hello")
        assert socket.recv() == "hello"
        served.stop()
        with pytest.raises(ConnectionClosedOK):
            socket.recv()
        assert (socket.close_code, socket.close_reason) == (1001, "The server goes away.")


def test_one_that_comes_while_the_server_leaves_is_heard_out_first():
    served = serve(repeat_what_comes, name="goodbye")
    served.leave()
    with connect(served.url.replace("http", "ws"), proxy=None) as socket:
        socket.send("hello")
        with pytest.raises(ConnectionClosedOK):
            socket.recv()
    served.stop()


def test_a_server_whose_loop_is_busy_is_left_without_an_error(serving):
    entered, leave = threading.Event(), threading.Event()

    async def blocks(_scope, _receive, send):
        entered.set()
        leave.wait(HANG)
        await answer(send, b"late")

    served = serving(blocks)
    answers = []
    caller = threading.Thread(target=lambda: answers.append(get(served.url)))
    caller.start()
    assert entered.wait(HANG)
    served.leave()
    leave.set()
    caller.join(HANG)
    assert answers == ["late"]


def test_a_loop_whose_interpreter_ends_closes_without_another_thread(monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    async def use_the_executor():
        await asyncio.get_running_loop().run_in_executor(None, int)
        monkeypatch.setattr(threading.Thread, "start", refuse)

    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(use_the_executor())
