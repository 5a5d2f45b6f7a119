"""Text to speech over HTTP: whole or streamed, with or without timestamps.

Source: https://elevenlabs.io/docs/api-reference/text-to-speech/convert and its three siblings.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from voicekit.standin.engines import Speech
from voicekit.standin.speech import formats
from voicekit.standin.speech.generation import Piece, alignment_seconds
from voicekit.standin.speech.request import SpeechJob

STREAMED = tuple(name for name in formats.KNOWN if not name.startswith("wav_"))
"""A WAV file's header says how long it is: the vendor streams none."""


async def convert(request: Request) -> Response:
    """`POST /v1/text-to-speech/{voice_id}`: the whole audio at once."""
    job = await SpeechJob.read(request, formats.KNOWN)
    _, audio, total = await job.all()
    return job.respond(job.later(audio, total))


async def stream(request: Request) -> Response:
    """`POST /v1/text-to-speech/{voice_id}/stream`: audio as it is made."""
    job = await SpeechJob.read(request, STREAMED)
    timed = job.timed()
    first = await anext(timed)

    async def audio() -> AsyncGenerator[bytes, None]:
        async with aclosing(timed):
            yield first[1].audio
            async for _, piece, _ in timed:
                if piece.audio:
                    yield piece.audio

    return job.respond(audio())


async def convert_with_timestamps(request: Request) -> Response:
    """`POST …/with-timestamps`: one JSON object with the audio and when each character sounds."""
    job = await SpeechJob.read(request, formats.KNOWN)
    speeches, audio, total = await job.all()
    alignment: dict[str, list[Any]] = {}
    offset = 0.0
    for speech in speeches:
        for name, values in alignment_seconds(speech, 0, len(speech.text), offset).items():
            alignment.setdefault(name, []).extend(values)
        offset += speech.ends[-1]
    return job.respond(job.later(_line(audio, alignment), total), "application/json")


async def stream_with_timestamps(request: Request) -> Response:
    """`POST …/stream/with-timestamps`: JSON lines, each with audio.

    A passage's alignment comes with its first audio, in seconds of the whole request.
    """
    job = await SpeechJob.read(request, STREAMED)
    timed = job.timed()
    first = await anext(timed)

    def line(speech: Speech, piece: Piece, offset: float) -> bytes:
        characters = len(speech.text)
        starts = piece.first == 0 and piece.start == 0
        return _line(
            piece.audio, alignment_seconds(speech, 0, characters, offset) if starts else None
        )

    async def lines() -> AsyncGenerator[bytes, None]:
        async with aclosing(timed):
            yield line(*first)
            async for item in timed:
                yield line(*item)

    return job.respond(lines(), "application/json")


def _line(audio: bytes, alignment: dict[str, list[Any]] | None) -> bytes:
    said = {
        "audio_base64": base64.b64encode(audio).decode(),
        "alignment": alignment,
        "normalized_alignment": alignment,
    }
    return json.dumps(said).encode() + b"\n"
