"""A voice vendor on a real socket, which fails at a message of the test's choice.

Each word is one value held for `WORD` samples, as in `vendor`: what was said can be read from the
audio. Odd seeds align every message, even ones a whole segment in its first message; vendors do
both.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from collections import deque
from http import HTTPStatus

import numpy as np
from vendor import PIECE, RATE, WORD
from websockets.asyncio.server import serve


def _garbage(frame):
    """Return what a vendor may send in place of a message."""
    message = json.loads(frame)
    alignment = message["alignment"] or {"chars": [], "charStartTimesMs": [], "charDurationsMs": []}
    starts, lasts = alignment["charStartTimesMs"], alignment["charDurationsMs"]

    def instead(**fields):
        return json.dumps({**message, **fields})

    def aligned(**fields):
        return instead(alignment={**alignment, **fields})

    return {
        "half a message": frame[: len(frame) // 2],
        "an empty frame": "",
        "null": "null",
        "a list": json.dumps([message]),
        "a number": "7",
        "nested too deep": "[" * 100_000,
        "binary": b"\x00\xff\xfe" * 50,
        "audio is a number": instead(audio=7),
        "audio is a list": instead(audio=[1, 2]),
        "audio is an object": instead(audio={"a": 1}),
        "audio is true": instead(audio=True),
        "no base64": instead(audio="§§§" + message["audio"]),
        "base64 cut": instead(audio=message["audio"][:-1]),
        "isFinal is a word": instead(isFinal="no"),
        "isFinal is an object": instead(isFinal={"a": 1}),
        "a huge frame": " " * (2**24 + 1) + frame,
        "times of unequal length": aligned(charDurationsMs=lasts[:-1]),
        "no times": aligned(charStartTimesMs=None, charDurationsMs=None),
        "times of NaN": aligned(charStartTimesMs=[float("nan")] * len(starts)),
        "times of text": aligned(charStartTimesMs=["0"] * len(starts)),
        "endless times": aligned(charStartTimesMs=[1e30] * len(starts)),
        "alignment is a word": instead(alignment="none"),
        "bytes of JSON": frame.encode(),
    }


GARBAGE = [*_garbage('{"audio": "", "alignment": null}')]
CLOSES = {
    "close 1000": (1000, ""),
    "close 1001": (1001, "going away"),
    "close 1008": (1008, "This voice may not be used."),
    "close 1011": (1011, "internal error"),
    "close 4001": (4001, "no"),
}
ERRORS = {
    "quota": {"error": "quota_exceeded", "message": "No characters left.", "code": 1008},
    "busy": {"error": "system_busy", "message": "Try again.", "code": 1008},
    "an error of objects": {"error": {"a": 1}, "message": [2]},
}
KINDS = [
    *GARBAGE, *CLOSES, *ERRORS, "odd bytes", "early isFinal", "lost", "dropped", "silent",
    "twice", "others between", "refused with HTML",
]  # fmt: skip


class Socket:
    """Serves `stream-input`; the first connection fails at message `place`, and later ones work."""

    _final = '{"audio": null, "isFinal": true}'
    _close = 1000

    def __init__(self, kind: str, place: int, every: bool) -> None:
        self.kind, self.every = kind, every
        self.place = -1 if kind == "nothing" else place
        self.words: dict[int, str] = {}
        self.received: list[list[str]] = []
        self.refusing = 0
        self._values = itertools.count(1000)

    async def __aenter__(self) -> Socket:
        self._server = await serve(
            self._talk, "127.0.0.1", 0, process_request=self._refuse, close_timeout=0.1
        )
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def pings(self, interval: float, timeout: float) -> None:
        """From now on, ask every connection whether it is alive."""
        self._server.ping_interval, self._server.ping_timeout = interval, timeout

    def said(self, pcm: bytes) -> list[tuple[str, int]]:
        """The words in some audio, each with how many of its samples came."""
        samples = np.frombuffer(pcm, "<i2")
        runs = [(int(value), len(list(run))) for value, run in itertools.groupby(samples)]
        return [(self.words.get(value, f"noise {value}"), size) for value, size in runs]

    def _refuse(self, connection, _request):
        if self.refusing > 0:
            self.refusing -= 1
            return connection.respond(HTTPStatus.BAD_GATEWAY, "<html><h1>502</h1></html>")
        return None

    async def _talk(self, socket) -> None:
        texts: list[str] = []
        self.received.append(texts)
        fails = len(self.received) == 1
        sent = 0
        async for raw in socket:
            text = json.loads(raw)["text"]
            texts.append(text)
            if text == "":
                if self._final:
                    await socket.send(self._final)
                await socket.close(self._close)
                return
            frames = deque(self._frames(text))
            while frames:
                frame = frames.popleft()
                named = json.loads(frame)["alignment"] or {"chars": ""}
                if self.kind == "twice" and not any(map(str.isalnum, named["chars"])):
                    self.place += fails and sent == self.place  # else nobody could tell
                if fails and sent == self.place and not await self._fail(socket, frame):
                    return
                if not (fails and sent == self.place):
                    await socket.send(frame)
                sent += 1

    def _frames(self, text: str) -> list[str]:
        pcm, chars, ends = b"", "", []
        for word in text.split():
            value = next(self._values)
            self.words[value] = word
            start = len(pcm) / 2 / RATE
            pcm += np.full(WORD, value, "<i2").tobytes()
            for at, char in enumerate(word + " ", 1):
                chars += char
                ends.append(1000 * start + 1000 * WORD / RATE * min(1.0, at / len(word)))
        frames, done = [], 0
        for first in range(0, len(pcm), 2 * PIECE):
            last = first + 2 * PIECE
            zero = 1000 * first / 2 / RATE
            begins = [0.0, *ends[:-1]]
            inside = sum(begin < zero + 1000 * PIECE / RATE for begin in begins)
            until = inside if self.every else len(ends)
            starts = [begins[n] - zero for n in range(done, until)]
            lasts = [ends[n] - begins[n] for n in range(done, until)]
            alignment = {
                "chars": list(chars[done:until]),
                "charStartTimesMs": starts,
                "charDurationsMs": lasts,
            }
            sound = base64.b64encode(pcm[first:last]).decode()
            named = alignment if alignment["chars"] else None
            frames.append(json.dumps({"audio": sound, "isFinal": None, "alignment": named}))
            done = until
        return frames

    async def _fail(self, socket, frame: str) -> bool:
        """Do what the kind says in place of a message; return whether to go on."""
        kind = self.kind
        if kind in GARBAGE:
            await socket.send(_garbage(frame)[kind])
        elif kind in CLOSES:
            await socket.close(*CLOSES[kind])
            return False
        elif kind in ERRORS:
            await socket.send(json.dumps(ERRORS[kind]))
            await socket.close(1008, "refused")
            return False
        elif kind == "odd bytes":
            message = json.loads(frame)
            pcm = base64.b64decode(message["audio"])
            cut = len(pcm) // 4 * 2 + 1
            for part, alignment in ((pcm[:cut], message["alignment"]), (pcm[cut:], None)):
                sound = base64.b64encode(part).decode()
                await socket.send(json.dumps({"audio": sound, "alignment": alignment}))
        elif kind == "early isFinal":
            await socket.send('{"audio": null, "isFinal": true}')
            return False
        elif kind in ("dropped", "refused with HTML"):
            self.refusing = kind == "refused with HTML"
            socket.transport.abort()
            return False
        elif kind == "silent":
            await asyncio.sleep(5)
            return False
        elif kind == "twice":
            await socket.send(frame)
            await socket.send(frame)
        elif kind == "others between":
            for other in ("{}", '{"audio": null, "isFinal": null}', '{"audio": "", "new": 1}'):
                await socket.send(other)
            await socket.send(frame)
        return True  # "lost" sends nothing
