"""Malformed HTTP requests, drawn from a seed: whatever a broken client could put on the wire."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fuzz_values import GETS, POSTS, SPEECH_BODY, deep, mutated
from wire import RACHEL

WORDS = [
    "",
    "-1",
    "1e9",
    "nan",
    "null",
    "true",
    "%00",
    "%FF%FE",
    "x" * 3000,
    "99999999999999999999",
]


@dataclass(frozen=True)
class Case:
    """Bytes to send. `answered`: an answer must come; else the client leaves right away."""

    kind: str
    raw: bytes
    method: str = "POST"
    answered: bool = True
    http: bool = True
    """Whether it is HTTP enough that the stand-in, and not the server below it, answers."""


def head(method: str, target: str | bytes, *headers: bytes, keys: bool = True) -> bytes:
    target = target.encode() if isinstance(target, str) else target
    key = (b"xi-api-key: k", b"Authorization: Bearer k") if keys else ()
    if method == "POST" and not any(h.startswith(b"Content-Type") for h in headers):
        headers = (b"Content-Type: application/json", *headers)
    lines = [method.encode() + b" " + target + b" HTTP/1.1", b"Host: standin", *key, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def post(target: str, body: bytes, *headers: bytes, **options: Any) -> bytes:
    length = b"Content-Length: %d" % len(body)
    return head("POST", target, length, *headers, **options) + body


def _wrong_type(draw: random.Random) -> Case:
    target, body = draw.choice(POSTS)
    return Case("wrong type", post(target, json.dumps(mutated(draw, body)).encode()))


def _deep(draw: random.Random) -> Case:
    return Case("deep", post(draw.choice(POSTS)[0], deep(draw)))


def _huge(draw: random.Random) -> Case:
    target, body = draw.choice(POSTS)
    size = draw.choice((50_000, 300_000, 1 << 20, (1 << 20) + 1, 1_500_000))
    field = draw.choice(("text", "model_id", "model", "messages", "voice_settings", "stop"))
    return Case("huge", post(target, json.dumps({**body, field: "a" * size}).encode()))


def _cut(draw: random.Random) -> Case:
    target, body = draw.choice(POSTS)
    text = json.dumps(body).encode()
    return Case("cut", post(target, text[: draw.randrange(len(text))]))


def _utf8(draw: random.Random) -> Case:
    target, body = draw.choice(POSTS)
    text = bytearray(json.dumps(body).encode())
    for _ in range(draw.randrange(1, 4)):
        text[draw.randrange(len(text))] = draw.choice((0, 0x80, 0xC0, 0xED, 0xFF))
    return Case("bad UTF-8", post(target, bytes(text)))


def _content_type(draw: random.Random) -> Case:
    target, body = draw.choice(POSTS)
    name = draw.choice(("text/plain", "multipart/form-data", "application/xml", "", ";", "a/b/c"))
    raw = json.dumps(mutated(draw, body)).encode()
    if draw.random() < 0.3:
        raw = b"text=Fine.&model_id=x"
    return Case("content type", post(target, raw, b"Content-Type: " + name.encode()))


def _header(draw: random.Random) -> Case:
    line = draw.choice(
        (
            b"no colon",
            b"x\x00y: 1",
            b"x: \x00",
            b": empty",
            b"x y: 1",
            b"x: " + b"a" * 70_000,
            b"Content-Length: -1",
            b"Content-Length: many",
            b"Content-Length: 5\r\nContent-Length: 6",
            b"Transfer-Encoding: gzip",
            b"Transfer-Encoding: chunked, chunked",
            b"\r\nGET / HTTP/9.9",
        )
    )
    return Case("header", head("GET", draw.choice(GETS), line), method="GET", http=False)


def _odd_header(draw: random.Random) -> Case:
    line = draw.choice(
        (
            b"xi-api-key: \xff\xfe",
            b"xi-api-key: \xc3\xa4",
            b"Authorization: Bearer",
            b"Authorization: Basic eDp5",
            b"Authorization: Bearer \xff",
            b"Authorization: bearer x y z",
            b"User-Agent: \xf0\x9f\x99\x82",
            b"Expect: 100-continue",
            b"Accept: application/nonsense",
            b"Accept-Encoding: br;q=x",
            b"Cookie: ;;;==",
            b"Range: bytes=9-1",
            b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings",
        )
    )
    raw = head("GET", draw.choice(GETS), line, keys=draw.random() < 0.3)
    return Case("odd header", raw, method="GET")


def _method(draw: random.Random) -> Case:
    method = draw.choice(("PATCH", "PUT", "DELETE", "TRACE", "OPTIONS", "HEAD", "BREW", "get"))
    target = draw.choice([*GETS, *(path for path, _ in POSTS), "/_standin/journal"])
    return Case("method", head(method, target), method=method)


def _path(draw: random.Random) -> Case:
    pieces = ("%00", "%2e%2e", "%2F", "..", ".", "", "%FF", "%F0%9F%99%82", "%", "%zz", "~", "v1")
    start = draw.choice(("/elevenlabs", "/openai", "/_standin", "", "/elevenlabs/v1", "/openai/v1"))
    target = start + "".join(f"/{draw.choice(pieces)}" for _ in range(draw.randrange(1, 9)))
    target = draw.choice(
        (target, target, target, "*", "http://other" + target, target + "a" * 8000)
    )
    return Case("path", head("GET", target), method="GET")


def _target(draw: random.Random) -> Case:
    target = draw.choice(
        (b"/\xff\xfe", b"", b"\x01", b"/a b", b"nowhere\x00", b"/\r\n", b"/\xc3\xa4")
    )
    return Case("target", head("GET", target), method="GET", http=False)


def _query(draw: random.Random) -> Case:
    names = (
        *("output_format", "optimize_streaming_latency", "enable_logging", "page_size", "search"),
        *(
            "next_page_token",
            "sort",
            "sort_direction",
            "voice_ids",
            "language",
            "include_total_count",
        ),
    )
    pairs = [f"{draw.choice(names)}={draw.choice(WORDS)}" for _ in range(draw.randrange(1, 6))]
    pairs += draw.choice(([], pairs, ["&&=", "=x", "%3D=%26"], ["a=1"] * 200))
    query = "&".join(pairs)
    if draw.random() < 0.5:
        path = draw.choice(("/elevenlabs/v2/voices", *GETS))
        return Case("query", head("GET", f"{path}?{query}"), method="GET")
    target = draw.choice(POSTS)[0].partition("?")[0]
    return Case("query", post(f"{target}?{query}", json.dumps(SPEECH_BODY).encode()))


def _voice(draw: random.Random) -> Case:
    voice = draw.choice(
        ("Rachel", RACHEL.lower(), RACHEL + "x", "%20", "0", "\u0661".encode().hex())
    )
    route = draw.choice(("", "/stream", "/with-timestamps", "/stream/with-timestamps", "/nonsense"))
    body = json.dumps(SPEECH_BODY).encode()
    return Case("voice", post(f"/elevenlabs/v1/text-to-speech/{voice}{route}", body))


def _chunked(draw: random.Random) -> Case:
    target, body = draw.choice(POSTS)
    text = json.dumps(mutated(draw, body)).encode()
    start = head("POST", target, b"Transfer-Encoding: chunked") + b"%x\r\n%b\r\n" % (
        len(text),
        text,
    )
    end, kind = draw.choice(
        ((b"0\r\n\r\n", "whole"), (b"", "cut"), (b"ff\r\nab", "cut"), (b"zz\r\n\r\n", "bad"))
    )
    return Case(f"{kind} chunks", start + end, answered=kind != "cut", http=kind == "whole")


def _partial(draw: random.Random) -> Case:
    target, body = draw.choice(POSTS)
    raw = post(target, json.dumps(body).encode())
    return Case("partial", raw[: draw.randrange(1, len(raw))], answered=False)


def _left(draw: random.Random) -> Case:
    target, body = draw.choice(POSTS)
    return Case("left", post(target, json.dumps(body).encode()), answered=False)


def _length(draw: random.Random) -> Case:
    target, body = draw.choice(POSTS)
    text = json.dumps(body).encode()
    if draw.random() < 0.5:
        raw = head("POST", target, b"Content-Length: %d" % (len(text) + 9)) + text
        return Case("short of its length", raw, answered=False)
    raw = head("POST", target, b"Content-Length: %d" % draw.randrange(len(text) - 9)) + text
    return Case("longer than its length", raw)


def _garbage(draw: random.Random) -> Case:
    raw = draw.choice(
        (
            b"\x16\x03\x01\x02\x00garbage",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /\r\n\r\n",
            b"\r\n\r\n\x00\x00",
            draw.randbytes(draw.randrange(1, 500)),
        )
    )
    return Case("garbage", raw + b"\r\n\r\n", answered=False, http=False)


KINDS: list[tuple[int, Callable[[random.Random], Case]]] = [
    *((40, _wrong_type), (5, _deep), (2, _huge), (6, _cut), (6, _utf8), (4, _content_type)),
    *((3, _header), (4, _odd_header), (5, _method), (5, _path), (1, _target), (7, _query)),
    *((4, _voice), (4, _chunked), (2, _partial), (2, _left), (2, _length), (1, _garbage)),
]


def cases(seed: int, count: int) -> Iterator[Case]:
    """The `count` cases that belong to a seed."""
    draw = random.Random(seed)
    weights = [weight for weight, _ in KINDS]
    for _ in range(count):
        (kind,) = draw.choices([kind for _, kind in KINDS], weights)
        yield kind(draw)
