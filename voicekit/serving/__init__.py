"""An ASGI app in a background thread, so that a notebook can serve and call it at once.

The kernel's own event loop is the wrong place for a server: a synchronous call from a cell to the
cell's own server would wait for itself. Here every server has a thread and a loop of its own.
Serving the same *name* again swaps the app and keeps the port: re-running a cell is safe.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

from voicekit.arguments import check_callable, check_number, check_type
from voicekit.serving.authorities import trusting
from voicekit.serving.closing import at_exit, running
from voicekit.serving.gate import Gate
from voicekit.serving.listener import EVERYWHERE, LOOPBACK
from voicekit.serving.server import Served

__all__ = [
    "LOOPBACK",
    "App",
    "Message",
    "Receive",
    "Scope",
    "Send",
    "Served",
    "at_exit",
    "serve",
    "trusting",
]

_AN_APP = "Pass an ASGI app: webhook(answer), or a FastAPI() or Starlette() of yours."


def serve(
    app: App,
    *,
    name: str = "app",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    allow_hosts: Iterable[str] = (),
    allow_origins: Iterable[str] = (),
    address: str = LOOPBACK,
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
        address: the IPv4 address to listen at. Any other than loopback's opens the app to other
            machines, unencrypted unless `tls` is used; `0.0.0.0` is every address of this machine,
            and then each name by which it is called has to be in `allow_hosts`.

    Raises:
        ServingError: the address is not this machine's, the port is taken, or the server did not
            start.
        TypeError: `app` is no ASGI application, `name` no text, or `port` no whole number.
        ValueError: a host or an origin is not written like one.
    """
    check_callable("app", app, 3, _AN_APP)
    check_type("name", name, str, "Pass a text.")
    check_number("port", port, whole=True, remedy="0 takes any free one.")
    check_type("address", address, str, "Pass an IPv4 address of this machine as text.")
    by_address = () if address in (LOOPBACK, EVERYWHERE) else (address,)
    named = (*by_address, *allow_hosts), tuple(allow_origins)
    old = running.get(name)
    if old is not None and old.alive and port in (0, old.port) and address == old.address:
        old.swap(app, tls, *named)
        return old
    Gate(port, *named)  # raises before there is a server
    served = running[name] = Served(app, name, port, tls, *named, address)
    if old is not None:
        old.stop()
    return served
