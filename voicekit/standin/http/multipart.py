"""`multipart/form-data`, as clients upload files with it (RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from starlette.requests import Request

from voicekit.standin.agents import request_bodies
from voicekit.standin.http import bodies


@dataclass(frozen=True)
class Part:
    """One field; `filename` is None unless it is a file."""

    content: bytes
    media_type: str
    filename: str | None


async def read(request: Request) -> dict[str, Part]:
    """The fields of a form by name; of several with one name the last.

    Raises:
        Invalid: 422, the body is no such form.
        Refusal: 413, it is too large.
    """
    try:
        return dict(await read_all(request, "elevenlabs"))
    except ValueError as error:
        raise request_bodies.wrong("multipart_invalid", (), str(error)) from None


async def read_all(request: Request, vendor: str) -> list[tuple[str, Part]]:
    """The fields of a form as they came, each with its name.

    Raises:
        Refusal: 413, it is too large.
        ValueError: the body is no such form; says what to send.
    """
    head = Message()
    head["content-type"] = request.headers.get("content-type", "")
    boundary = head.get_param("boundary", header="content-type")
    body = await bodies.read(request, vendor)
    if head.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise ValueError("Send multipart/form-data with a boundary.")
    fields: list[tuple[str, Part]] = []
    for section in (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))[1:]:
        if section.startswith(b"--"):
            return fields
        headers, found, content = section.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        parsed = BytesHeaderParser().parsebytes(headers)
        name = parsed.get_param("name", header="content-disposition")
        if found and isinstance(name, str):
            part = Part(content, parsed.get_content_type(), parsed.get_filename())
            fields.append((name, part))
    raise ValueError("The form ends before its last boundary.")
