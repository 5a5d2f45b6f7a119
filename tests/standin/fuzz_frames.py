"""Malformed WebSocket sessions, drawn from a seed: frames as bytes, whatever their order."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fuzz_values import JUNK, deep, mutated
from websockets.frames import Frame, Opcode

LIMIT = 1 << 20
"""Bytes of one message that the server takes."""

MESSAGE = {
    "text": "Fine. ",
    "flush": False,
    "try_trigger_generation": True,
    "voice_settings": {"stability": 0.5, "similarity_boost": 0.8, "speed": 1.0},
    "generation_config": {"chunk_length_schedule": [120, 160, 250, 290]},
    "pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "p", "version_id": "v"}],
    "xi_api_key": "k",
    "context_id": "one",
    "close_context": False,
    "close_socket": False,
}
ROUTES = ("stream-input", "multi-stream-input")
QUERIES = (
    *("auto_mode=false", "auto_mode=true", "sync_alignment=true", "output_format=ulaw_8000"),
    *("output_format=mp3_22050_32", "nobody=knows&inactivity_timeout=7", "auto_mode=1&auto_mode=0"),
)
BAD_QUERIES = (
    *(
        "output_format=wav_16000",
        "output_format=",
        "inactivity_timeout=0",
        "inactivity_timeout=nan",
    ),
    *("inactivity_timeout=1e9", "model_id=nonsense", "auto_mode=perhaps", "seed=-1", "seed=%FF"),
)
OUR_JUNK = [part for part in JUNK if part != "🙂" * 9] + ["Well then. ", "x" * 300]


@dataclass
class Session:
    """What a client sends on one socket, and how it may end.

    `codes` are the close codes that are right; none at all when the client leaves without a word.
    """

    route: str
    query: str = "auto_mode=false"
    frames: list[bytes] = field(default_factory=list)
    codes: set[int] = field(default_factory=lambda: {1000})
    kinds: list[str] = field(default_factory=list)
    leaves: bool = False


def frame(data: str | bytes, opcode: Opcode = Opcode.TEXT, fin: bool = True) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    return Frame(opcode, data, fin).serialize(mask=True)


def said(**message: Any) -> bytes:
    return frame(json.dumps(message))


def _mutated(draw: random.Random, session: Session) -> bytes:
    session.codes.add(1008)
    message = {key: MESSAGE[key] for key in MESSAGE if draw.random() < 0.4}
    return frame(json.dumps(mutated(draw, {**message, "text": "Fine. "}, OUR_JUNK)))


def _cut(draw: random.Random, session: Session) -> bytes:
    session.codes = {1008}
    text = json.dumps(MESSAGE)
    return frame(text[: draw.randrange(1, len(text))])


def _deep(draw: random.Random, session: Session) -> bytes:
    session.codes = {1008}
    return frame(deep(draw))


def _binary(draw: random.Random, session: Session) -> bytes:
    session.codes = {1008}
    data = draw.choice((b"", b"\x00" * 3200, draw.randbytes(99), b'{"text": "Fine."}'))
    return frame(data, Opcode.BINARY)


def _rubbish(draw: random.Random, session: Session) -> bytes:
    session.codes = {1008}
    return frame(draw.choice(("", " ", "[]", "null", '"text"', "1", "hello", "{", "\x00", "{}")))


def _huge(draw: random.Random, session: Session) -> bytes:
    if draw.random() < 0.5:
        session.codes = {1009}
        return frame(draw.choice((b"x", b"\x00")) * (LIMIT + 1), draw.choice(list(Opcode)[1:3]))
    session.codes = {1008}
    return said(text="a " * draw.choice((20_001, 200_000)))


def _bad_utf8(draw: random.Random, session: Session) -> bytes:
    session.codes = {1007}
    return frame(b'{"text": "' + draw.choice((b"\xff", b"\xc3(", b"\xed\xa0\x80")) + b'"}')


def _broken(draw: random.Random, session: Session) -> bytes:
    session.codes = {1002}
    good = said(text="Fine. ")
    return draw.choice(
        (
            bytes([good[0] | 0x40]) + good[1:],  # a reserved bit
            b"\x83" + good[1:],  # a reserved opcode
            b"\x81\x02{}",  # not masked
            frame(b"never begun", Opcode.CONT),
            b"\x09" + frame(b"x", Opcode.PING)[1:],  # a ping in parts
            b"\x89\xfe\x00\x80" + b"\x00" * 132,  # a ping longer than a ping may be
            frame("{", fin=False) + said(text="inside"),
            frame(b"\x03", Opcode.CLOSE),
        )
    )


def _fragments(draw: random.Random, _session: Session) -> bytes:
    text = json.dumps({"text": "In parts. ", "context_id": draw.choice(("one", "two"))}).encode()
    cuts = sorted(draw.randrange(len(text)) for _ in range(draw.randrange(1, 9)))
    parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    ping = frame(b"still there?", Opcode.PING)
    return ping.join(
        frame(part, Opcode.CONT if index else Opcode.TEXT, fin=index == len(parts) - 1)
        for index, part in enumerate(parts)
    )


def _pings(draw: random.Random, _session: Session) -> bytes:
    opcode = draw.choice((Opcode.PING, Opcode.PONG))
    return frame(draw.randbytes(draw.randrange(126)), opcode) * draw.randrange(1, 9)


def _order(draw: random.Random, session: Session) -> bytes:
    """Valid messages at the wrong time; some are errors on one socket and not on the other."""
    session.codes.add(1008)
    return draw.choice(
        (
            said(flush=True),
            said(text="", flush=True),
            said(text="", context_id="one"),
            said(text="Late. ", context_id="one"),
            said(text=" ", voice_settings={"speed": draw.choice((0.8, 1.1))}),
            said(
                text=" ", generation_config={"chunk_length_schedule": [50, draw.choice((60, 70))]}
            ),
            said(context_id="never opened", close_context=True),
            said(context_id="one", close_context=True) * 2,
            said(context_id="one", flush=True, close_context=True),
            said(close_socket=True) + said(text="After the end. "),
            said(text="") + said(text="After the end. "),
            said(text="", xi_api_key="another"),
            said(text="Fine. ", try_trigger_generation=True) * 5,
        )
    )


def _contexts(draw: random.Random, session: Session) -> bytes:
    session.codes.add(1008)
    names = [f"context {number}" for number in range(draw.randrange(3, 9))]
    return b"".join(said(text="Fine. ", context_id=name) for name in names)


def _good(draw: random.Random, _session: Session) -> bytes:
    return said(text="Fine. ", context_id=draw.choice(("one", "two")), flush=draw.random() < 0.3)


def _half(draw: random.Random, session: Session) -> bytes:
    session.leaves = True
    whole = said(text="Fine. " * 9)
    return whole[: draw.randrange(1, len(whole))]


def _leave(_draw: random.Random, session: Session) -> bytes:
    session.leaves = True
    return b""


KINDS: list[tuple[int, Callable[[random.Random, Session], bytes]]] = [
    *((40, _mutated), (30, _order), (25, _good), (12, _fragments), (8, _pings), (8, _contexts)),
    *((4, _cut), (4, _deep), (4, _binary), (4, _rubbish), (2, _huge), (3, _bad_utf8), (3, _broken)),
    *((3, _half), (3, _leave)),
]
FATAL = (_cut, _deep, _binary, _rubbish, _huge, _bad_utf8, _broken, _half, _leave)


def sessions(seed: int, count: int) -> Iterator[Session]:
    """Sessions of the seed that have `count` malformed or misplaced frames together."""
    draw = random.Random(seed)
    weights = [weight for weight, _ in KINDS]
    while count > 0:
        session = Session(draw.choice(ROUTES), draw.choice(QUERIES))
        session.frames.append(said(text=" ", xi_api_key="k"))
        for _ in range(min(count, draw.randrange(1, 8))):
            (kind,) = draw.choices([kind for _, kind in KINDS], weights)
            before = set(session.codes)
            session.frames.append(kind(draw, session))
            session.kinds.append(kind.__name__)
            count -= 1
            if kind in FATAL:
                if 1008 in before:  # an earlier frame may have ended it already
                    session.codes |= before
                break
        end = said(text="") if session.route == "stream-input" else said(close_socket=True)
        session.frames.append(end)
        if draw.random() < 0.15:  # refused before any message is read
            session.query, session.codes = draw.choice(BAD_QUERIES), {1008}
        yield session
