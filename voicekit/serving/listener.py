"""One port for plain HTTP and TLS: whose connections it takes, and which are open."""

from __future__ import annotations

import asyncio
import socket
import ssl

import uvicorn

from voicekit.errors import ServingError

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104  listened at when asked for by name only
_TLS_HANDSHAKE = b"\x16"  # the first byte of a TLS record that opens a handshake (RFC 8446, 5.1)
_FIRST_BYTE_TIMEOUT = 30.0


class Listener:
    """Takes connections and hands each to uvicorn's protocol, over TLS if the client speaks it.

    Args:
        port: the port wished for; 0 takes any free one.
        tls: when given, the same port also speaks TLS.
        address: the IPv4 address to listen at.

    Raises:
        ServingError: the port is taken, or there is no such port or address here.
    """

    def __init__(self, port: int, tls: ssl.SSLContext | None, address: str) -> None:
        self._socket = _listen(address, port)
        self.port: int = self._socket.getsockname()[1]
        self.tls = tls
        self.transports: dict[tuple[str, int], asyncio.Transport] = {}

    def close(self) -> None:
        """Take no more connections."""
        self._socket.close()

    def abort(self) -> None:
        """Cut off every connection."""
        for transport in self.transports.values():
            transport.abort()

    async def accept(self, server: uvicorn.Server) -> None:
        """Take connections for `server` until cancelled."""
        loop = asyncio.get_running_loop()
        connecting: set[asyncio.Task[None]] = set()
        while True:
            try:
                sock, _ = await loop.sock_accept(self._socket)
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
            secure = self.tls is not None and await _first_byte(sock) == _TLS_HANDSHAKE
            transport, _ = await loop.connect_accepted_socket(
                lambda: server.config.http_protocol_class(  # type: ignore[call-arg]
                    config=server.config,
                    server_state=server.server_state,
                    app_state={},
                    _loop=loop,
                ),
                sock,
                ssl=self.tls if secure else None,
            )
        except (OSError, TimeoutError):
            return  # the client left before it said anything, or its TLS failed
        finally:
            if transport is None:
                sock.close()
        self.transports = {
            client: open_ for client, open_ in self.transports.items() if not open_.is_closing()
        }
        self.transports[address] = transport


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


def _listen(address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise ServingError(
            f"Port {port} on {address} cannot be used ({getattr(error, 'strerror', error)}). "
            "Stop what uses it, or ask for port=0 to get any free one; an address is an IPv4 one "
            "of this machine."
        ) from error
    listener.listen(512)
    listener.setblocking(False)
    return listener
