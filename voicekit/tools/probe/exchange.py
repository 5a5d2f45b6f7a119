"""One request on a connection of its own, and when each piece of the response came."""

from __future__ import annotations

import contextlib
import html
import http.client
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, urlsplit

from voicekit.tools.probe.stream import Stream
from voicekit.world.keys import Secret

_SHOWN = 1_200  # characters of a body that are shown
_LARGEST = 4 << 20  # bytes of a response that are read; an answer to be spoken is far shorter
_MARKUP = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype|html|head|body|title|\?xml)\b", re.I | re.S)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.I | re.S)
_NO_TEXT = ("audio/", "font/", "image/", "video/", "application/octet-stream", "application/pdf")
_SIP, _GULP = 64, 65_536  # bytes
_BETWEEN_SIPS = 0.015  # seconds
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close at once, as a platform that hangs up does


@dataclass
class Exchange:
    """A request, and as much of its response as came. Times in seconds since it was sent.

    Attributes:
        request: the request as it was sent, except for its secret.
        connecting: seconds that the connection took.
        status: None while no response has come.
        pieces: when each piece of the body came, and the piece.
        end: when the response was over, also when it was cut short.
        fault: what cut it short, in words.
        kind: of the fault: `timeout`, `certificate`, `unreachable` or `broken`.
    """

    request: str
    connecting: float = 0.0
    status: int | None = None
    reason: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list, repr=False)
    pieces: list[tuple[float, bytes]] = field(default_factory=list, repr=False)
    end: float = 0.0
    fault: str = ""
    kind: str = ""

    @cached_property
    def stream(self) -> Stream:
        """What the body says, read as a stream of events. Ask once it is over."""
        return Stream(self.pieces)

    @property
    def ok(self) -> bool:
        """Whether the status says that it worked."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def answered(self) -> bool:
        """Whether there is an answer, in whatever form: an error event is none."""
        return self.ok and self.first is not None

    @property
    def first(self) -> float | None:
        """When the first token came: of text or of a tool call."""
        return self.stream.first

    def header(self, name: str) -> str:
        """A response header's value, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def body(self) -> str:
        """The body as text, whatever its bytes are."""
        return b"".join(piece for _, piece in self.pieces).decode("utf-8", "replace")

    @property
    def foreign(self) -> str:
        """What the body is when no API sends such: a web page or a file; else nothing."""
        data = b"".join(piece for _, piece in self.pieces)
        kind = self.header("content-type").lower()
        if "text/html" in kind or _MARKUP.match(data):
            title = _TITLE.search(self.body)
            named = " ".join(html.unescape(title[1]).split())[:80] if title else ""
            return f"a web page{f' “{named}”' if named else ''} of {len(data)} bytes"
        if data and (kind.startswith(_NO_TEXT) or b"\0" in data):
            return f"a file of {len(data)} bytes that is no text ({kind or 'of no type'})"
        return ""

    @property
    def excerpt(self) -> str:
        """The body to show: its beginning and end, or a sentence where nobody would read it."""
        return f"[{self.foreign}]" if self.foreign else shortened(self.body)

    @property
    def response(self) -> str:
        """The response as it came, with the middle of a long body left out."""
        if self.status is None:
            return self.fault or "no response"
        head = [f"HTTP/1.1 {self.status} {self.reason}", *(f"{k}: {v}" for k, v in self.headers)]
        cut = f"\n[{self.fault}]" if self.fault else ""
        return "\n".join([*head, "", self.excerpt]) + cut


def shortened(text: str, most: int = _SHOWN) -> str:
    """The text's beginning and end, if it is long."""
    if len(text) <= most:
        return text
    left_out = f"\n… ({len(text) - most} characters) …\n"
    return text[: most * 2 // 3] + left_out + text[-(most // 3) :]


def send(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    secret: Secret | None,
    limit: float,
    watch: Callable[[Exchange], bool] = lambda _: False,
    slow: float = 0.0,
) -> Exchange:
    """POST `body`, read the response to its end, and note when each piece came.

    Nothing is raised for what the other side does wrong: `fault` says it.

    Args:
        url: where to; the query is sent, and not shown.
        body: JSON.
        headers: beside those that are always there.
        secret: sent as the bearer token, and shown masked.
        limit: seconds until the connection is cut, wherever it is.
        watch: called at each piece; once it returns True, hang up at once.
        slow: seconds during which only a few bytes are read at a time.
    """
    target = urlsplit(url)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    path = quote(path, safe="%/?:@!$&'()*+,;=-._~[]")  # letters beyond ASCII; the rest stays
    sent = {
        "Content-Type": "application/json",
        "Accept": "*/*",
        "User-Agent": "voicekit-probe",
        **headers,
    }
    shown = sent if secret is None else {**sent, "Authorization": "Bearer ***"}
    lines = [f"POST {target.path or '/'}{'?…' if target.query else ''} HTTP/1.1"]
    lines += [f"Host: {target.netloc}", *(f"{name}: {value}" for name, value in shown.items())]
    exchange = Exchange("\n".join([*lines, "", shortened(body.decode())]))
    connection = _connection(target.scheme, target.hostname or "", target.port, limit)
    started = time.perf_counter()
    guard: threading.Timer | None = None
    late = threading.Event()
    try:
        connection.connect()
        exchange.connecting = time.perf_counter() - started
        guard = threading.Timer(max(0.0, limit - exchange.connecting), _cut, [connection, late])
        guard.daemon = True
        guard.start()
        if slow:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        started = time.perf_counter()
        _talk(connection, path, body, sent, secret, exchange, started, watch, slow)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        exchange.kind, exchange.fault = _fault(error, exchange, late.is_set(), limit)
    finally:
        if guard is not None:
            guard.cancel()
        connection.close()
    if late.is_set() and not exchange.fault:  # cut in the middle looks like an end to some reads
        exchange.kind, exchange.fault = "timeout", _too_late(limit)
    exchange.end = time.perf_counter() - started
    return exchange


def _talk(
    connection: http.client.HTTPConnection,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    secret: Secret | None,
    exchange: Exchange,
    started: float,
    watch: Callable[[Exchange], bool],
    slow: float,
) -> None:
    # Refused before the body was read? The response may be there all the same.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.request("POST", path, body, {**headers, **_bearer(secret)})
    with connection.getresponse() as response:
        exchange.status, exchange.reason = response.status, response.reason
        exchange.headers = response.getheaders()
        slow_until = time.perf_counter() + slow
        size = 0
        while size < _LARGEST:
            slowly = time.perf_counter() < slow_until
            piece = response.read1(_SIP if slowly else _GULP)
            if not piece:
                break
            exchange.pieces.append((time.perf_counter() - started, piece))
            size += len(piece)
            if watch(exchange):
                if connection.sock is not None:
                    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return
            if slowly:
                time.sleep(_BETWEEN_SIPS)
        if size >= _LARGEST:
            exchange.kind = "broken"
            exchange.fault = f"cut off by the probe after {_LARGEST >> 20} MB"
        elif response.length:  # of a body whose length was announced, this many bytes are missing
            raise http.client.IncompleteRead(b"", response.length)


def _bearer(secret: Secret | None) -> dict[str, str]:
    return {} if secret is None else {"Authorization": f"Bearer {secret.reveal()}"}


def _connection(
    scheme: str, host: str, port: int | None, limit: float
) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=limit, context=context)
    return http.client.HTTPConnection(host, port, timeout=limit)


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    """Wake up a read that waits, in whichever thread."""
    late.set()
    sock = connection.sock
    if sock is not None:
        with contextlib.suppress(OSError):  # it is closed already
            sock.shutdown(socket.SHUT_RDWR)


def _fault(
    error: OSError | http.client.HTTPException | UnicodeError,
    exchange: Exchange,
    late: bool,
    limit: float,
) -> tuple[str, str]:
    """The kind of fault, and the fault in words."""
    if late or isinstance(error, TimeoutError):
        return "timeout", _too_late(limit)
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate", f"the certificate was not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "unreachable", "TLS failed: is it https that is spoken there, or http?"
    if isinstance(error, socket.gaierror | UnicodeError):
        return "unreachable", "no machine of this name is known"
    if exchange.status is not None:
        return "broken", "the connection was closed before the response was over"
    if isinstance(error, http.client.RemoteDisconnected):
        return "broken", "the connection was closed without a response"
    if isinstance(error, http.client.HTTPException):
        return "broken", f"what came is not HTTP ({type(error).__name__})"
    return "unreachable", f"no connection: {error.strerror or error}"


def _too_late(limit: float) -> str:
    return f"cut off by the probe after {limit:.0f} s"
