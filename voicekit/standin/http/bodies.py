"""Request bodies: bounded, and refused the vendor's way when they cannot be read."""

from __future__ import annotations

import re

from starlette.requests import ClientDisconnect, Request

from voicekit.standin.http.refusals import Refusal

LARGEST = 1 << 20
"""Bytes. No prompt or text of a lesson comes near it."""

_JSON = re.compile(r"application/([a-z0-9.+-]+\+)?json *(;.*)?", re.I)


async def read(request: Request, vendor: str) -> bytes:
    """The body, up to `LARGEST` bytes.

    Raises:
        Refusal: 413 when it is larger, 400 when the client left in the middle.
    """
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                raise Refusal(vendor, "request_too_large")
    except ClientDisconnect as gone:
        raise Refusal(vendor, "internal_server_error", "The client left.") from gone
    return bytes(body)


async def read_json(request: Request, vendor: str) -> bytes:
    """The body, up to `LARGEST` bytes, if it says that it is JSON; an empty one needs not.

    A web page may send any other type to any address without asking.

    Raises:
        Refusal: 415 when it says something else; and as `read`.
    """
    body = await read(request, vendor)
    types = request.headers.getlist("content-type")
    if body and not (len(types) == 1 and _JSON.fullmatch(types[0].strip())):
        raise Refusal(vendor, "unsupported_media_type")
    return body
