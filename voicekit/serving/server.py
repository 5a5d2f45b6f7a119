"""A server in a thread and on an event loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
from collections.abc import Iterable
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from voicekit.errors import ServingError
from voicekit.serving.closing import running
from voicekit.serving.gate import Gate
from voicekit.serving.listener import EVERYWHERE, LOOPBACK, Listener
from voicekit.serving.websocket import GOODBYE, Closable

_GRACE = 0.5  # seconds that a request under way has left once the server is stopped
_UNSAID = {
    # uvicorn 0.54 logs these as our errors; they aren't.
    "ASGI callable returned without completing handshake.",  # a WebSocket refused with a response
    "Invalid UTF-8 sequence received from client.",  # and told so: it is closed with 1007
    "socket.send() raised exception.",  # asyncio, per chunk written to a client that has left
    # What websockets logs at DEBUG, and where a client's key would be among it.
    "< %s: %s",  # a header of the handshake
    "< %s",  # a frame
}


class Served:
    """A running server: `url`, `port`, `revision`, and `stop()`. Made by `serve`."""

    def __init__(
        self,
        app: ASGIApp,
        name: str,
        port: int,
        tls: ssl.SSLContext | None,
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
        address: str = LOOPBACK,
    ) -> None:
        self._listener = Listener(port, tls, address)
        self.address = address
        self.name = name
        self.port = self._listener.port
        self._gate = Gate(self.port, hosts, origins)
        self._app = self._gate.guarding(app)
        self._tunnels: set[str] = set()
        self.url = f"http://{LOOPBACK if address == EVERYWHERE else address}:{self.port}"
        self.revision = 1
        self._requests: dict[asyncio.Task[Any], Closable | None] = {}
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
        app: ASGIApp,
        tls: ssl.SSLContext | None = None,
        hosts: Iterable[str] = (),
        origins: Iterable[str] = (),
    ) -> None:
        """Put `app` behind the same port; requests under way finish with the old one."""
        self._gate = Gate(self.port, {*hosts, *self._tunnels}, origins)
        self._app = self._gate.guarding(app)
        self._listener.tls = tls or self._listener.tls
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
        return self._listener.transports.get((client[0], client[1]))

    def leave(self) -> None:
        """Tell all WebSockets, those that are still to come as well, that the server goes away."""
        # Its loop is closed, since it has stopped; or it is busy, and tells them when it can.
        with contextlib.suppress(RuntimeError, TimeoutError):
            asyncio.run_coroutine_threadsafe(self._say_goodbye(), self._loop).result(_GRACE)

    def stop(self) -> None:
        """Close every connection and end the thread; calling it twice is safe.

        A response under way may finish within half a second, then it is cut off.
        """
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(5)
        if running.get(self.name) is self:
            del running[self.name]

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["voicekit.served"] = self
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  an ASGI server runs each request in a task
        socket = Closable(receive, send) if scope["type"] == "websocket" else None
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
            await asyncio.wait_for(asyncio.gather(*sockets), 2 * GOODBYE)

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
        accepting = asyncio.create_task(self._listener.accept(server))
        ending = asyncio.create_task(self._end(server))
        try:
            self._started.set()
            await server.serve(sockets=[])  # the sockets are the listener's
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
        self._listener.abort()
        await asyncio.sleep(0.05)  # the apps learn of it as of a client that left
        for request in self._requests:
            request.cancel()


class _Loop(asyncio.SelectorEventLoop):
    """A loop that closes at the interpreter's end too; from Python 3.12 no thread starts then."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        with contextlib.suppress(RuntimeError):  # its threads are awaited at the end anyway
            await super().shutdown_default_executor()


def _worth_saying(record: logging.LogRecord) -> bool:
    """Drop what is no error of ours, and what may hold a key."""
    return record.msg not in _UNSAID
