"""One request for speech: what it may say, what is refused, and its audio.

Seeds, neighbouring texts and ids, dictionaries and normalisation are checked and then have no
effect: the offline voice says the same text the same way every time, and reads what it is given.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from voicekit.errors import EngineError
from voicekit.serving import Send
from voicekit.standin.account import admitted
from voicekit.standin.catalog import elevenlabs
from voicekit.standin.catalog.elevenlabs import DEFAULT_MODEL, Model, Voice
from voicekit.standin.engines import Speech
from voicekit.standin.http import bodies
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.speech import formats
from voicekit.standin.speech.generation import Pace, Piece, passages, pieces
from voicekit.standin.speech.settings import Invalid, Sent, VoiceSettings, read_json, read_query
from voicekit.standin.state import State

DEFAULT_FORMAT = "mp3_44100_128"
CONCURRENT = {"turbo": 20, "standard": 10}
"""The Pro plan's limits, shown in a header and not enforced; ask for the 429 by a fault."""

Ids = Annotated[list[str] | None, Field(max_length=3)]


class Locator(Sent):
    """One version of a pronunciation dictionary."""

    pronunciation_dictionary_id: str
    version_id: str | None = None


class SpeechQuery(Sent):
    """What the query string may say."""

    output_format: str = DEFAULT_FORMAT
    enable_logging: bool = True
    optimize_streaming_latency: Annotated[int | None, Field(ge=0, le=4)] = None


class SpeechRequest(Sent):
    """What the body may say."""

    text: str
    model_id: str = DEFAULT_MODEL
    language_code: str | None = None
    voice_settings: VoiceSettings | None = None
    seed: Annotated[int | None, Field(ge=0, le=4294967295)] = None
    previous_text: str | None = None
    next_text: str | None = None
    previous_request_ids: Ids = None
    next_request_ids: Ids = None
    pronunciation_dictionary_locators: Annotated[list[Locator] | None, Field(max_length=3)] = None
    apply_text_normalization: Literal["auto", "on", "off"] = "auto"
    apply_language_text_normalization: bool = False
    use_pvc_as_ivc: bool = False


@dataclass
class SpeechJob:
    """One request for speech that has passed all checks."""

    state: State
    at: float
    request_id: str
    voice: Voice
    model: Model
    asked: SpeechRequest
    output_format: str
    media_type: str = "audio/mpeg"

    @classmethod
    async def read(cls, request: Request, known: Sequence[str]) -> SpeechJob:
        """Check the request, in the order in which the vendor would find fault with it."""
        state = admitted(request)
        query = read_query(SpeechQuery, request.query_params)
        check_format(query.output_format, known)
        asked = read_json(SpeechRequest, await bodies.read_json(request, "elevenlabs"))
        voice = elevenlabs.voice(request.path_params["voice_id"])
        model = elevenlabs.model(asked.model_id, "rest")
        model.check_length(asked.text)
        if not asked.text.strip():
            raise Refusal("elevenlabs", "invalid_parameters", "The text is empty.", "text")
        (asked.voice_settings or VoiceSettings()).check(model)
        state.characters += math.ceil(len(asked.text) * model.cost)
        at, request_id = request.scope["voicekit.at"], request.scope["voicekit.request_id"]
        return cls(state, at, request_id, voice, model, asked, query.output_format)

    async def timed(self) -> AsyncGenerator[tuple[Speech, Piece, float], None]:
        """Speech, piece and the seconds before the speech, each when the profile has it due."""
        pace = Pace(self.model.id)
        pace.begin(self.state.profile, self.at)
        encoder: formats.Encoder | None = None
        offset = 0.0
        parts = list(passages(self.asked.text))
        with self.state.generation():
            for index, part in enumerate(parts, 1):
                speech = await self._say(part)
                encoder = encoder or self._encoder(speech.rate)
                for piece in pieces(speech, encoder, finish=index == len(parts)):
                    await pace.wait(offset + piece.start)
                    yield speech, piece, offset
                offset += speech.ends[-1]

    async def all(self) -> tuple[list[Speech], bytes, float]:
        """All speech, its audio in the format asked for, and its seconds; not yet paced."""
        with self.state.generation():
            speeches = [await self._say(part) for part in passages(self.asked.text)]
            encoder = self._encoder(speeches[0].rate)
            audio = []
            for speech in speeches:
                last = speech is speeches[-1]
                audio += [piece.audio for piece in pieces(speech, encoder, finish=last)]
                await asyncio.sleep(0)  # encoding half a minute takes long enough: let others work
        return speeches, b"".join(audio), sum(speech.ends[-1] for speech in speeches)

    async def later(self, body: bytes, total: float) -> AsyncGenerator[bytes, None]:
        """`body`, when `total` seconds of audio are due."""
        pace = Pace(self.model.id)
        pace.begin(self.state.profile, self.at)
        with self.state.generation():
            await pace.wait(total)
        yield body

    def respond(
        self, content: AsyncGenerator[bytes, None], media_type: str | None = None
    ) -> Response:
        """A streaming response with the vendor's headers."""
        headers = {
            "request-id": self.request_id,
            "x-trace-id": self.state.next_id("trace"),
            "character-cost": str(math.ceil(len(self.asked.text) * self.model.cost)),
            "current-concurrent-requests": str(max(1, self.state.generating)),
            "maximum-concurrent-requests": str(CONCURRENT[self.model.group]),
        }
        return _Streamed(content, media_type=media_type or self.media_type, headers=headers)

    async def _say(self, part: str) -> Speech:
        pace = (self.asked.voice_settings or VoiceSettings()).pace(self.model)
        try:
            return await self.state.voice.say(part, self.voice.offline, pace)
        except EngineError as error:
            raise Refusal("elevenlabs", "service_unavailable", str(error)) from error

    def _encoder(self, rate: int) -> formats.Encoder:
        try:
            encoder = formats.encoder(self.output_format, rate)
        except EngineError as error:
            raise Refusal("elevenlabs", "service_unavailable", str(error)) from error
        self.media_type = encoder.media_type
        return encoder


class _Streamed(StreamingResponse):
    """A response that closes its generator when the client has left."""

    def __init__(self, content: AsyncGenerator[bytes, None], *args: Any, **named: Any) -> None:
        super().__init__(content, *args, **named)
        self._content = content

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._content):
            await super().stream_response(send)


def check_format(name: str, known: Sequence[str]) -> None:
    """Refuse an output format that is not among `known`.

    Raises:
        Invalid: 422, naming those that are.
    """
    if name not in known:
        why = " The stand-in makes no Opus." if name.startswith("opus_") else ""
        said = f"Input should be one of {', '.join(known)}.{why}"
        raise Invalid(
            "query", [{"type": "enum", "loc": ("output_format",), "msg": said, "input": name}]
        )
