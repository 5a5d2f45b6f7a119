"""Speech to text over HTTP: a short recording in, its words out.

Source: https://elevenlabs.io/docs/api-reference/speech-to-text/convert. The recogniser knows the
words of a support desk, in English; speakers are not told apart, and no other sound is named.
"""

from __future__ import annotations

import io
import math
import re
import wave

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from voicekit.errors import EngineError
from voicekit.standin.account import admitted
from voicekit.standin.agents import request_bodies
from voicekit.standin.engines import LISTENING_RATE
from voicekit.standin.http import multipart
from voicekit.standin.http.refusals import Refusal

MODELS = ("scribe_v2",)
LONGEST = 30.0
"""Seconds of sound in one request: it is decoded as one utterance."""
ENGLISH = ("en", "eng")
_USUAL = {  # what asks for more than is done here, and the values that do not
    "cloud_storage_url": (),
    "additional_formats": ("[]",),
    "entity_detection": (),
    "webhook": ("false", "0"),
    "diarize": ("false", "0"),
    "use_multi_channel": ("false", "0"),
    "num_speakers": ("1",),
    "timestamps_granularity": ("word",),
    "file_format": ("other", "pcm_s16le_16"),
}
_RAW = "pcm_s16le_16"
_DOUBT = 0.01  # the least confidence whose logarithm is given


async def convert(request: Request) -> Response:
    """`POST /v1/speech-to-text`: a WAV file, or raw samples as `file_format` says."""
    state = admitted(request)
    fields = await multipart.read(request)
    model = _text(fields, "model_id")
    if model not in MODELS:
        known = ", ".join(MODELS)
        raise request_bodies.wrong(
            "enum", ("model_id",), f"There is no model {model!r}. Known: {known}."
        )
    _refuse_what_it_cannot(fields)
    if "file" not in fields:
        raise request_bodies.wrong("missing", ("file",), "Send the sound as `file`.")
    pcm, rate = _sound(fields["file"].content, _text(fields, "file_format"))
    seconds = len(pcm) / 2 / rate
    if seconds > LONGEST:
        said = f"The stand-in takes {LONGEST:g} s of sound at a time, not {seconds:.1f}."
        raise request_bodies.wrong("too_long", ("file",), said)
    try:
        heard = await state.ears.transcribe(pcm, rate)
    except EngineError as error:
        # Not 503, for which the official SDK would send the form again without its fields.
        raise Refusal("elevenlabs", "not_implemented", str(error)) from error
    logprob = round(math.log(max(heard.confidence, _DOUBT)), 3)  # words have none of their own
    words = [
        {
            "text": word.text,
            "type": "word",
            "start": word.start,
            "end": word.end,
            "logprob": logprob,
        }
        for word in heard.words
    ]
    return JSONResponse(
        {
            "language_code": "eng",
            "language_probability": 1.0,
            "text": heard.text,
            "words": words,
            "transcription_id": state.next_id("transcription"),
            "audio_duration_secs": round(seconds, 3),
        },
        headers={"x-voicekit-heard-by": heard.source},
    )


def _refuse_what_it_cannot(fields: dict[str, multipart.Part]) -> None:
    """Left out quietly, these would give another transcript than was asked for.

    Raises:
        Invalid: 422, with the field at fault.
    """
    language = _text(fields, "language_code").lower()
    if language and re.split("[-_]", language)[0] not in ENGLISH:
        said = f"The stand-in hears English only, not {language[:20]!r}. Leave it out, or say 'en'."
        raise request_bodies.wrong("unsupported_language", ("language_code",), said)
    for name, usual in _USUAL.items():
        if _text(fields, name).lower() not in ("", "null", *usual):
            said = (
                f"The stand-in does not do {name!r}: it gives one speaker's words and their times."
            )
            raise request_bodies.wrong("unsupported_value", (name,), said)


def _text(fields: dict[str, multipart.Part], name: str) -> str:
    return fields[name].content.decode("utf-8", "replace") if name in fields else ""


def _sound(data: bytes, file_format: str) -> tuple[bytes, int]:
    """PCM16 mono and its rate.

    Raises:
        Invalid: 422, it is neither WAV of that kind nor said to be raw samples.
    """
    if file_format == _RAW:
        return data[: len(data) - len(data) % 2], LISTENING_RATE
    if wav := read_wav(data):
        return wav
    said = f"The stand-in reads 16-bit mono WAV, or raw samples with file_format={_RAW!r}."
    raise request_bodies.wrong("unsupported_sound", ("file",), said)


def read_wav(data: bytes) -> tuple[bytes, int] | None:
    """PCM16 mono and its rate, of a 16-bit mono WAV file; None for anything else."""
    try:
        with wave.open(io.BytesIO(data)) as wav:
            if (wav.getnchannels(), wav.getsampwidth()) == (1, 2):
                return wav.readframes(wav.getnframes()), wav.getframerate()
    except (wave.Error, EOFError):
        pass
    return None
