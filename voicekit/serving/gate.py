"""Who may call a server on this machine: its own address, its own pages, and who is named.

Every web page that a person has open can send requests to loopback, and a foreign name can be made
to point there (DNS rebinding). `Host` tells which name was called and `Origin` which page calls;
programs send no `Origin`. So a request passes if its `Host` is ours and no foreign page sent it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from voicekit.serving.lingering import Lingering

_OURS = ("127.0.0.1", "localhost", "[::1]")
_PORTS = {"http": 80, "https": 443}
_NAME = r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)"
_HOST = re.compile(rf"{_NAME}(?::(?P<port>[0-9]{{1,5}}))?")
_ORIGIN = re.compile(rf"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>{_HOST.pattern})")
_ELSEWHERE = {"cross-site", "same-site"}  # of Sec-Fetch-Site: another page asked
_NO_PROXY = "This server is no proxy: ask for a path, not for a whole address."
_OTHER_NAME = (
    "This server is not called by that name. Use the address that it printed; or name the host "
    "where the server is made (allow_hosts, standin --allow-host). For a tunnel, "
    "voicekit.webhook.public(served, url) does that."
)
_OTHER_PAGE = (
    "Another page may not call this server. Type its address yourself; or name the page where the "
    "server is made (allow_origins, standin --allow-origin), such as http://localhost:3000."
)

Headers = Iterable[tuple[bytes, bytes]]


class Gate:
    """What one server lets in besides loopback's own names at its own port.

    Args:
        port: the server's.
        hosts: further names it is called by, such as a tunnel's or a proxy's: `abc.example`, with
            a port to mean that one only.
        origins: pages that may call it: `http://localhost:3000`.

    Raises:
        ValueError: one of them is not written like that.
    """

    def __init__(self, port: int, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        self._port = port
        self._hosts = {_host(name) for name in hosts}
        self.origins = frozenset(_origin(page) for page in origins)

    def admit(self, host: str) -> None:
        """Let requests in that call the server by this name.

        Raises:
            ValueError: it is no name.
        """
        self._hosts.add(_host(host))

    def dismiss(self, host: str) -> None:
        """Let them in no longer."""
        self._hosts.discard(_host(host))

    def guarding(self, app: ASGIApp) -> ASGIApp:
        """`app` behind this gate, for HTTP and WebSockets."""
        inside = Lingering(app)
        if self.origins:  # a page that is named has to be told so, or its browser keeps it out
            named = [*self.origins]
            inside = Lingering(
                CORSMiddleware(inside, named, allow_methods=["*"], allow_headers=["*"])
            )

        async def enter(scope: Scope, receive: Receive, send: Send) -> None:
            objection = self.objection(scope["headers"], scope["raw_path"])
            chosen = inside if objection is None else Lingering(_refusing(objection))
            await chosen(scope, receive, send)

        return enter

    def objection(self, headers: Headers, target: bytes) -> str | None:
        """Why a request may not enter, in words for whoever sent it; None when it may."""
        if not target.startswith(b"/") and target != b"*":
            return _NO_PROXY
        hosts = [value.lower() for value in _values(headers, b"host")]
        if len(hosts) != 1 or not self._called(hosts[0]):
            return _OTHER_NAME
        origins = [value.lower() for value in _values(headers, b"origin")]
        if not origins and _ELSEWHERE & set(_values(headers, b"sec-fetch-site")):
            origins = [_page(address) for address in _values(headers, b"referer")] or ["null"]
        if origins and (len(origins) > 1 or not self._trusted(origins[0], hosts[0])):
            return _OTHER_PAGE
        return None

    def _called(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name, port = match["name"], match["port"]
        return (name in _OURS and self._at_our_port(port, "http")) or bool(
            self._hosts & {name, host}
        )

    def _trusted(self, origin: str, host: str) -> bool:
        match = _ORIGIN.fullmatch(origin)
        if match is None or match["scheme"] not in _PORTS:
            return origin in self.origins
        own = match["name"] in _OURS and self._at_our_port(match["port"], match["scheme"])
        # Or it was sent by this server, under the name by which it was called now.
        return own or match["host"] == host or origin in self.origins

    def _at_our_port(self, port: str | None, scheme: str) -> bool:
        return (port or str(_PORTS[scheme])) == str(self._port)


def _refusing(objection: str) -> ASGIApp:
    """An app that refuses everything; what it says has no word about cross-origin sharing."""
    body = json.dumps({"error": objection}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]

    async def refuse(scope: Scope, _receive: Receive, send: Send) -> None:
        kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
        await send({"type": f"{kind}.start", "status": 403, "headers": headers})
        await send({"type": f"{kind}.body", "body": body})

    return refuse


def _values(headers: Headers, wanted: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for name, value in headers if name.lower() == wanted]


def _page(address: str) -> str:
    """The origin of an address."""
    return "/".join(address.lower().split("/")[:3])


def _host(name: str) -> str:
    lowered = name.strip().lower()
    if not _HOST.fullmatch(lowered):
        raise ValueError(f"{name!r} is no host. Write it like 'name.example' or 'name.example:80'.")
    return lowered


def _origin(page: str) -> str:
    lowered = page.strip().lower()
    if not _ORIGIN.fullmatch(lowered):
        raise ValueError(f"{page!r} is no origin. Write it like 'http://localhost:3000'.")
    scheme, _, host = lowered.partition("://")
    # Browsers leave out the port that a scheme has anyway.
    return f"{scheme}://{host.removesuffix(f':{_PORTS[scheme]}') if scheme in _PORTS else host}"
