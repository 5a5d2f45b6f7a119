"""The plain text of what is put into a knowledge base: text files, web pages."""

from __future__ import annotations

import asyncio
import ssl
from html.parser import HTMLParser

import httpx

from voicekit.standin.http.bodies import LARGEST
from voicekit.standin.http.reach import OutOfReach, Reach
from voicekit.standin.http.refusals import Refusal

TIMEOUT = 10.0
"""Seconds that a web server has to answer."""

_HOPS = 5  # redirects that are followed
_READABLE = ("text/", "application/json", "application/xhtml+xml")
_BREAKS = {"p", "div", "li", "br", "tr", "section", "article", "ul", "ol", "table"} | {
    f"h{level}" for level in range(1, 7)
}
_UNSEEN = {"script", "style", "noscript", "template", "head"}


def text(content: bytes, media_type: str, name: str) -> str:
    """The text of a file.

    Raises:
        Refusal: 400, it is of a kind that the stand-in cannot read, or no UTF-8.
    """
    by_name = name.lower().endswith((".txt", ".md", ".html", ".htm", ".json", ".csv"))
    if not (media_type.startswith(_READABLE) or by_name):
        said = f"The stand-in reads text, Markdown, HTML, JSON and CSV, and not {media_type}."
        raise Refusal("elevenlabs", "invalid_parameters", said, "file")
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        said = f"{name} is not UTF-8 text: {error}."
        raise Refusal("elevenlabs", "invalid_parameters", said, "file") from error
    html = "html" in media_type or name.lower().endswith((".html", ".htm"))
    return _seen(decoded) if html else decoded


async def page(url: str, reach: Reach) -> str:
    """The text of a web page, fetched now, without a proxy.

    Of what answers only a page comes back: no words of another protocol's.

    Raises:
        Refusal: 400, it cannot be fetched or read.
    """
    try:
        content, media_type = await asyncio.to_thread(_fetch, url, reach)
    except OutOfReach as error:
        raise Refusal("elevenlabs", "invalid_parameters", str(error), "url") from error
    except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL) as error:
        why = f"HTTP {_status(error)}" if _status(error) else type(error).__name__
        said = f"{url} could not be fetched: {why}. Send its text to knowledge-base/text instead."
        raise Refusal("elevenlabs", "invalid_parameters", said, "url") from error
    if len(content) > LARGEST:
        said = f"{url} is larger than {LARGEST} bytes."
        raise Refusal("elevenlabs", "invalid_parameters", said, "url")
    return text(content, media_type, url)


def _fetch(url: str, reach: Reach) -> tuple[bytes, str]:
    verify = ssl.create_default_context()
    with httpx.Client(trust_env=False, timeout=TIMEOUT, verify=verify) as client:
        request = client.build_request("GET", url)
        for _ in range(_HOPS):
            there = request.url
            # Only the address that was asked for may be loopback, not one that a page leads to.
            reach.pin(request, loopback=there.netloc == httpx.URL(url).netloc)
            answer = client.send(request, stream=True)
            if not answer.has_redirect_location:
                break
            answer.close()
            request = client.build_request("GET", there.join(answer.headers["location"]))
        try:
            answer.raise_for_status()
            content = bytearray()
            for piece in answer.iter_bytes():
                content += piece
                if len(content) > LARGEST:
                    break
            return bytes(content), answer.headers.get("content-type", "").partition(";")[0].strip()
        finally:
            answer.close()


def _status(error: Exception) -> int | None:
    return error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None


def _seen(html: str) -> str:
    """What a reader of the page sees, a blank line between blocks."""
    parser = _Seen()
    parser.feed(html)
    parser.close()
    blocks = "".join(parser.pieces).split("\0")
    return "\n\n".join(" ".join(block.split()) for block in blocks if block.strip())


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.pieces.append("\0")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _BREAKS:
            self.pieces.append("\0")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data)
