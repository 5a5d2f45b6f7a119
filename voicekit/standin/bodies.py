"""Request bodies: bounded, and refused the vendor's way when they cannot be read."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request

from voicekit.standin.refusals import Refusal

LARGEST = 1 << 20
"""Bytes. No prompt or text of a lesson comes near it."""


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
