"""An ASGI app in a background thread, so that a notebook can serve and call it at once.

The kernel's own event loop is the wrong place for a server: a synchronous call from a cell to the
cell's own server would wait for itself. Here every server has a thread and a loop of its own.
Serving the same *name* again swaps the app and keeps the port: re-running a cell is safe.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread
import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import uvicorn

from voicekit.arguments import check_callable, check_number, check_type
from voicekit.errors import ServingError
from voicekit.gate import Gate
from voicekit.lingering import App, Message, Receive, Scope, Send

__all__ = ["App", "Message", "Receive", "Scope", "Send", "Served", "serve"]

_TLS_HANDSHAKE = b"\x16"  # the first byte of a TLS record that opens a handshake (RFC 8446, 5.1)
_FIRST_BYTE_TIMEOUT = 30.0
_AN_APP = "Pass an ASGI app: webhook(answer), or a FastAPI() or Starlette() of yours."
_GOODBYE = 0.2  # seconds for a close to be written to clients that do not read
_CLIENTS = 2.0  # seconds that clients have to go when the interpreter goes down
_GRACE = 0.5  # seconds that a request under way has left once the server is stopped
_UNSAID = {
    # Errors of ours, says uvicorn 0.54, and are none.
    "ASGI callable returned without completing handshake.",  # a WebSocket refused with a response
    "Invalid UTF-8 sequence received from client.",  # and told so: it is closed with 1007
    "socket.send() raised exception.",  # asyncio, per chunk written to a client that has left
    # What websockets logs at DEBUG, and where a client's key would be among it.
    "< %s: %s",  # a header of the handshake
    "< %s",  # a frame
}
_GOING_AWAY = 1001  # RFC 6455, 7.4.1: what a client is told by a server that goes down
_running: dict[str, Served] = {}
_enders: list[Callable[[], object]] = []


def at_exit(end: Callable[[], object]) -> None:
    """Call `end` when the interpreter goes down, while every server still serves."""
    _enders.append(end)


def serve(
    app: App,
    *,
    name: str = "app",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    allow_hosts: Iterable[str] = (),
    allow_origins: Iterable[str] = (),
) -> Served:
    """Serve `app` on loopback in a background thread and return at once.

    Programs on this machine may call it; web pages and foreign names that point here may not
    (see `gate`), unless they are named.

    Args:
        app: any ASGI 3 application.
        name: serving the same name again swaps the app behind the same port.
        port: the port wished for; 0 takes any free one.
        tls: when given, the *same port* also speaks TLS. Some clients turn `http` into `wss`
            whatever they were told; telling the two apart by their first byte serves them as well.
        allow_hosts: names by which a proxy of yours calls it, such as `hub.example.org`, where
            jupyter-server-proxy passes on the hub's name. `webhook.public` adds a tunnel's.
        allow_origins: pages of yours that may call it, such as `http://localhost:3000`.

    Raises:
        ServingError: the port is taken, or the server did not start.
        TypeError: `app` is no ASGI application, `name` no text, or `port` no whole number.
        ValueError: a host or an origin is not written like one.
    """
    check_callable("app", app, 3, _AN_APP)
    check_type("name", name, str, "Pass a text.")
    check_number("port", port, whole=True, remedy="0 takes any free one.")
    named = tuple(allow_hosts), tuple(allow_origins)
    old = _running.get(name)
    if old is not None and old.alive and port in (0, old.port):
        old.swap(app, tls, *named)
        return old
    Gate(port, *named)  # raises before there is a server
    served = _running[name] = Served(app, name, port, tls, *named)
    if old is not None:
        old.stop()
    return served


class Served:
    """A running server: `url`, `port`, `revision`, and `stop()`. Made by `serve`."""

    def __init__(
        self,
        app: App,
        name: str,
        port: int,
        tls: ssl.SSLContext | None,
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
    ) -> None:
        self._tls = tls
        self._listener = _listen(port)
        self.name = name
        self.port: int = self._listener.getsockname()[1]
        self._gate = Gate(self.port, hosts, origins)
        self._app = self._gate.guarding(app)
        self._tunnels: set[str] = set()
        self.url = f"http://127.0.0.1:{self.port}"
        self.revision = 1
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        self._requests: dict[asyncio.Task[Any], _Socket | None] = {}
        self._leaving = False
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"voicekit-{name}", daemon=True)
        self._thread.start()
        if not self._started.wait(10):
            raise ServingError(f"The server {name!r} did not start within 10 s.")

    def __repr__(self) -> str:
        state = self.url if self.alive else "stopped"
        return f"<{self.name} {state}, revision {self.revision}>"

    @property
    def alive(self) -> bool:
        """Whether the server still takes connections."""
        return self._thread.is_alive()

    def swap(
        self,
        app: App,
        tls: ssl.SSLContext | None = None,
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
    ) -> None:
        """Put `app` behind the same port; requests under way finish with the old one."""
        self._gate = Gate(self.port, {*hosts, *self._tunnels}, origins)
        self._app = self._gate.guarding(app)
        self._tls = tls or self._tls
        self.revision += 1

    def admit(self, host: str) -> None:
        """Let requests in that call this host, a tunnel's say, whatever app is behind the port.

        Raises:
            ValueError: it is no host.
        """
        self._gate.admit(host)
        self._tunnels.add(host)

    def dismiss(self, host: str) -> None:
        """Let them in no longer."""
        self._gate.dismiss(host)
        self._tunnels.discard(host)

    def transport(self, client: tuple[str, int]) -> asyncio.Transport | None:
        """The connection of one client, by the address in its ASGI scope."""
        return self._transports.get((client[0], client[1]))

    def leave(self) -> None:
        """Tell all WebSockets, those that are still to come as well, that the server goes away."""
        with contextlib.suppress(RuntimeError):  # its loop is closed: it has stopped
            asyncio.run_coroutine_threadsafe(self._say_goodbye(), self._loop).result(_GRACE)

    def stop(self) -> None:
        """Close every connection and end the thread; calling it twice is safe.

        A response under way may finish within half a second, then it is cut off.
        """
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(5)
        if _running.get(self.name) is self:
            del _running[self.name]

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["voicekit.served"] = self
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  an ASGI server runs each request in a task
        socket = _Socket(receive, send) if scope["type"] == "websocket" else None
        self._requests[task] = socket
        try:
            if socket is None:
                await self._app(scope, receive, send)
            elif self._leaving:
                await socket.refuse()
            else:
                await self._app(scope, socket.receive, socket.send)
        except asyncio.CancelledError:
            if not self._stopping.is_set():
                raise  # otherwise the end is ours: uvicorn would log it as the app's failure
        except Exception:
            if not (socket and socket.left):
                raise
        finally:
            del self._requests[task]

    async def _say_goodbye(self) -> None:
        self._leaving = True
        sockets = [socket.leave() for socket in self._requests.values() if socket]
        with contextlib.suppress(TimeoutError):  # of those who do not read
            await asyncio.wait_for(asyncio.gather(*sockets), 2 * _GOODBYE)

    def _run(self) -> None:
        # A selector loop on every system: Windows' default loop cannot watch a bare socket.
        with asyncio.Runner(loop_factory=_Loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        config = uvicorn.Config(
            self._dispatch,
            interface="asgi3",  # a bound method is otherwise taken for ASGI 2
            http="h11",  # httptools, where it is installed, refuses unknown methods in plain text
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # the client is who is connected, whatever a header says
            ws="websockets-sansio",
            ws_max_size=1 << 20,
            ws_per_message_deflate=False,  # audio in base64 does not shrink, it only costs time
        )
        config.load()
        for name in ("uvicorn.error", "asyncio"):
            logging.getLogger(name).addFilter(_worth_saying)
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = uvicorn.Server(config)
        accepting = asyncio.create_task(self._accept(server))
        ending = asyncio.create_task(self._end(server))
        try:
            self._started.set()
            await server.serve(sockets=[])  # the sockets are ours, see _accept
        finally:
            accepting.cancel()
            ending.cancel()
            await asyncio.wait([accepting, ending])
            self._listener.close()

    async def _end(self, server: uvicorn.Server) -> None:
        """Once stopped, cut off what has not finished by itself; uvicorn waits for all of it."""
        await self._stopping.wait()
        await self._say_goodbye()
        server.should_exit = True
        await asyncio.sleep(_GRACE)
        for transport in self._transports.values():
            transport.abort()
        await asyncio.sleep(0.05)  # the apps learn of it as of a client that left
        for request in self._requests:
            request.cancel()

    async def _accept(self, server: uvicorn.Server) -> None:
        loop = asyncio.get_running_loop()
        connecting: set[asyncio.Task[None]] = set()
        while True:
            try:
                sock, _ = await loop.sock_accept(self._listener)
            except OSError:  # out of file descriptors: connections that end give some back
                await asyncio.sleep(0.05)
                continue
            task = loop.create_task(self._connect(server, sock))
            connecting.add(task)
            task.add_done_callback(connecting.discard)

    async def _connect(self, server: uvicorn.Server, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        transport: asyncio.Transport | None = None
        try:
            address = sock.getpeername()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secure = self._tls is not None and await _first_byte(sock) == _TLS_HANDSHAKE
            transport, _ = await loop.connect_accepted_socket(
                lambda: server.config.http_protocol_class(  # type: ignore[call-arg]
                    config=server.config,
                    server_state=server.server_state,
                    app_state={},
                    _loop=loop,
                ),
                sock,
                ssl=self._tls if secure else None,
            )
        except (OSError, TimeoutError):
            return  # the client left before it said anything, or its TLS failed
        finally:
            if transport is None:
                sock.close()
        self._transports = {
            client: open_ for client, open_ in self._transports.items() if not open_.is_closing()
        }
        self._transports[address] = transport


class _Loop(asyncio.SelectorEventLoop):
    """A loop that closes at the interpreter's end too; from Python 3.12 no thread starts then."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        with contextlib.suppress(RuntimeError):  # its threads are awaited at the end anyway
            await super().shutdown_default_executor()


class _Socket:
    """A WebSocket which the server may close under the app."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._accepted = False
        self._spoken = asyncio.Event()  # the client has sent something, or has left
        self.left = False

    async def receive(self) -> Message:
        """The client's next message, for the app."""
        message = await self._receive()
        if message["type"] != "websocket.connect":
            self._spoken.set()
        return message

    async def send(self, message: Message) -> None:
        """Send the app's message.

        Raises:
            OSError: the server has closed it; to the app it is as if the client had left.
        """
        if self.left:
            raise OSError("The server goes away.")
        self._accepted |= message["type"] == "websocket.accept"
        await self._send(message)

    async def refuse(self) -> None:
        """Take a new client in and tell it that the server goes away.

        A refusal would look like the client's mistake, and a close while it sends its first
        message like a broken connection.
        """
        while not self._spoken.is_set():
            if not self._accepted:
                await self.send({"type": "websocket.accept"})
            await self.receive()
        await self.leave()

    async def leave(self) -> None:
        """Tell the client that the server goes away; the app learns of a client that left."""
        with contextlib.suppress(OSError, RuntimeError):  # it was closed before
            if not self._accepted:
                await self._send({"type": "websocket.accept"})
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._spoken.wait(), _GOODBYE)
            self.left = True
            await self._send({"type": "websocket.close", "code": _GOING_AWAY})


def _worth_saying(record: logging.LogRecord) -> bool:
    """Drop what is no error of ours, and what may hold a key."""
    return record.msg not in _UNSAID


async def _first_byte(sock: socket.socket) -> bytes:
    """The first byte a client sends, left in the socket for the server to read."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sock, _resolve, readable)
    try:
        await asyncio.wait_for(readable, _FIRST_BYTE_TIMEOUT)
    finally:
        loop.remove_reader(sock)
    return sock.recv(1, socket.MSG_PEEK)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise ServingError(
            f"Port {port} on 127.0.0.1 cannot be used ({getattr(error, 'strerror', error)}). "
            "Stop what uses it, or ask for port=0 to get any free one."
        ) from error
    listener.listen(512)
    listener.setblocking(False)
    return listener


def _close_down() -> None:
    """End what uses servers, then the servers.

    A client in a thread that Python waits for may be connecting just now: such are told goodbye
    until their threads have ended, since a server that is not there would be an error to them.
    """
    for end in _enders:
        end()
    servers = tuple(_running.values())
    for served in servers:
        served.leave()
    deadline = time.monotonic() + _CLIENTS
    while servers and _is_waited_for() and time.monotonic() < deadline:
        time.sleep(0.01)
    for served in servers:
        served.stop()


def _is_waited_for() -> bool:
    """Whether there is a thread that Python waits for, other than an executor's."""
    pools = concurrent.futures.thread._threads_queues
    return any(
        thread is not threading.main_thread()
        and not (thread.daemon or thread in pools or type(thread).__module__.startswith("anyio"))
        for thread in threading.enumerate()
    )


# The executors of concurrent.futures end before `atexit` is called, and those that the apps use
# would end under them. What is registered last is called first; the import above came before.
threading._register_atexit(_close_down)  # type: ignore[attr-defined]
