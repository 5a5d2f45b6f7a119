"""A file of certificates for a process whose clients shall trust one authority more."""

from __future__ import annotations

import atexit
import contextlib
import os
import ssl
import tempfile
from functools import cache
from pathlib import Path


@cache
def trusting(authority: str) -> str:
    """Path of a PEM file with the public authorities and `authority`, for `SSL_CERT_FILE`.

    The variable *replaces* a client's authorities, so the public ones must be in it too:
    calls to live services go on working. The file is gone when the process ends.

    Args:
        authority: a certificate as PEM.
    """
    folder = tempfile.TemporaryDirectory(prefix="voicekit-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "authorities.pem"
    path.write_bytes(_public_authorities() + authority.encode("ascii"))
    return str(path)


def _public_authorities() -> bytes:
    if chosen := os.environ.get("SSL_CERT_FILE"):
        with contextlib.suppress(OSError):  # another program's, gone with it or not for this user
            return Path(chosen).read_bytes() + b"\n"
    try:
        import certifi

        return Path(certifi.where()).read_bytes() + b"\n"
    except ImportError:
        default = ssl.get_default_verify_paths().cafile
        return Path(default).read_bytes() + b"\n" if default else b""
