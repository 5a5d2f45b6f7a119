"""An ASGI app in a background thread, so that a notebook can serve and call it at once.

The kernel's own event loop is the wrong place for a server: a synchronous call from a cell to the
cell's own server would wait for itself. Here every server has a thread and a loop of its own.
Serving the same *name* again swaps the app and keeps the port: re-running a cell is safe.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Iterable
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
_running: dict[str, Served] = {}


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
        self._requests: set[asyncio.Task[Any]] = set()
        self._started = threading.Event()
        self._server: uvicorn.Server | None = None
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

    @property
    def _stopping(self) -> bool:
        return self._server is not None and self._server.should_exit

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

    def stop(self) -> None:
        """Close every connection and end the thread; calling it twice is safe.

        A response under way may finish within half a second, then it is cut off.
        """
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(5)
        if _running.get(self.name) is self:
            del _running[self.name]

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["voicekit.served"] = self
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  an ASGI server runs each request in a task
        self._requests.add(task)
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self._stopping:
                raise  # otherwise the end is ours: uvicorn would log it as the app's failure
        finally:
            self._requests.discard(task)

    def _run(self) -> None:
        # A selector loop on every system: Windows' default loop cannot watch a bare socket.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
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
        self._server = uvicorn.Server(config)
        accepting = asyncio.create_task(self._accept(self._server))
        ending = asyncio.create_task(self._end())
        try:
            self._started.set()
            await self._server.serve(sockets=[])  # the sockets are ours, see _accept
        finally:
            accepting.cancel()
            ending.cancel()
            await asyncio.wait([accepting, ending])
            self._listener.close()

    async def _end(self) -> None:
        """Once stopped, cut off what has not finished by itself; uvicorn waits for all of it."""
        while not self._stopping:  # noqa: ASYNC110  another thread sets it: no place for an Event
            await asyncio.sleep(0.1)
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
