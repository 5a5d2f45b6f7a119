"""A certificate authority that lives as long as this process, for clients that insist on TLS."""

from __future__ import annotations

import ssl
from functools import cache
from typing import TYPE_CHECKING

from voicekit.errors import EngineError
from voicekit.serving import trusting
from voicekit.standin.engines.worker import NO_FOLDER

if TYPE_CHECKING:
    import trustme


@cache
def _authority() -> trustme.CA:
    try:
        import trustme
    except ImportError as error:
        raise EngineError(
            "The offline stand-in needs the package 'trustme'. "
            'Install the extra that brings it: pip install "voicekit[offline]".'
        ) from error
    return trustme.CA()


@cache
def server_context() -> ssl.SSLContext:
    """The server's side: a certificate for 127.0.0.1, ::1 and localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:  # it writes the key to a file, for OpenSSL to read
        _authority().issue_cert("127.0.0.1", "::1", "localhost").configure_cert(context)
    except OSError as error:
        raise EngineError(f"{NO_FOLDER} ({error})") from error
    # The synchronous websockets client, and with it the SDK's `convert_realtime`, reads and writes
    # one TLS connection in two threads. A session ticket that arrives during its first write hung
    # it once in about a thousand connections.
    context.num_tickets = 0
    return context


def authority() -> str:
    """The authority's certificate, as PEM."""
    return _authority().cert_pem.bytes().decode("ascii")


@cache
def bundle() -> str:
    """Path of a PEM file with the public authorities and ours, for `SSL_CERT_FILE`."""
    return trusting(authority())
