"""OpenAI's transcription over HTTP: a short recording in, its text out, whole or word by word.

Source: the types of the official SDK (`audio.transcriptions.create`). The recogniser is the one of
ElevenLabs' side: a support desk's English, one speaker. A prompt and keywords guide it to nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from voicekit.errors import EngineError
from voicekit.standin.catalog import openai_models
from voicekit.standin.catalog.profiles import wait_until
from voicekit.standin.engines import Heard
from voicekit.standin.http import multipart
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.openai.chat_completions import authorise, request_headers
from voicekit.standin.speech.segment import timed
from voicekit.standin.speech.speech_to_text import ENGLISH, LONGEST, read_wav

_NOT_DONE = ("include[]", "known_speaker_names[]", "known_speaker_references[]")


async def create_transcription(request: Request) -> Response:
    """`POST /v1/audio/transcriptions`: at the profile's pace, after the whole recording."""
    state = authorise(request)
    try:
        parts = await multipart.read_all(request, "openai")
    except ValueError as error:
        raise Refusal("openai", "invalid_request", str(error)) from None
    form = {name: part.content.decode("utf-8", "replace") for name, part in parts if name != "file"}
    form["granularities"] = " ".join(
        part.content.decode() for name, part in parts if name == "timestamp_granularities[]"
    )
    model = form.get("model", "")
    openai_models.refuse_if_gone(model, state.day())
    shape = _check(form, model)
    file = next((part.content for name, part in parts if name == "file"), None)
    if file is None:
        raise Refusal("openai", "missing_required_parameter", "Send the sound as `file`.", "file")
    pcm, seconds = _sound(file)
    try:
        heard = await state.ears.transcribe(*pcm)
    except EngineError as error:
        raise Refusal("openai", "service_unavailable", str(error)) from error
    known = openai_models.transcription()
    headers = {**request_headers(request), "x-voicekit-heard-by": heard.source}
    await wait_until(request.scope["voicekit.at"] + state.profile.transcript_after(model))
    if form.get("stream", "").lower() == "true" and "srt" not in known[model]:  # Whisper ignores it
        return StreamingResponse(_events(heard), media_type="text/event-stream", headers=headers)
    if shape in ("text", "srt", "vtt"):
        return PlainTextResponse(_plain(heard, shape, seconds), headers=headers)
    usage = {"type": "duration", "seconds": math.ceil(seconds)}
    body = {"text": heard.text, "usage": usage}
    if shape == "verbose_json":
        body |= _verbose(heard, seconds, form["granularities"])
    return JSONResponse(body, headers=headers)


def _check(form: dict[str, str], model: str) -> str:
    """The format asked for.

    Raises:
        Refusal: a field asks for what the vendor refuses, or for what is not done here.
    """
    if not model:
        raise Refusal("openai", "missing_required_parameter", "Name a `model`.", "model")
    models = openai_models.transcription()
    if model not in models:
        told = f"The model {model[:60]!r} cannot transcribe here. Known: {', '.join(models)}."
        raise Refusal("openai", "model_not_found", told, "model")
    shape = form.get("response_format") or "json"
    known = models[model]
    if shape not in known:
        told = f"response_format {shape[:20]!r} is not one that {model} gives: {', '.join(known)}."
        raise Refusal("openai", "unsupported_value", told, "response_format")
    if form["granularities"] and shape != "verbose_json":
        told = "timestamp_granularities needs response_format=verbose_json."
        raise Refusal("openai", "invalid_value", told, "timestamp_granularities")
    if form.get("language", "en").lower() not in ENGLISH:
        told = f"The stand-in hears English only, not {form['language'][:20]!r}."
        raise Refusal("openai", "unsupported_value", told, "language")
    for name in _NOT_DONE:
        if name in form:
            told = f"The stand-in does not do {name!r}: it gives one speaker's words."
            raise Refusal("openai", "unsupported_value", told, name.removesuffix("[]"))
    return shape


def _sound(file: bytes) -> tuple[tuple[bytes, int], float]:
    """The recording and its seconds.

    Raises:
        Refusal: it is none that is read here, or too long.
    """
    wav = read_wav(file)
    if wav is None:
        told = "The stand-in reads 16-bit mono WAV files only."
        raise Refusal("openai", "invalid_value", told, "file")
    seconds = len(wav[0]) / 2 / wav[1]
    if seconds > LONGEST:
        told = f"The stand-in takes {LONGEST:g} s of sound at a time, not {seconds:.1f}."
        raise Refusal("openai", "invalid_value", told, "file")
    return wav, seconds


async def _events(heard: Heard) -> AsyncIterator[bytes]:
    for index, word in enumerate(heard.text.split()):
        yield _event({"type": "transcript.text.delta", "delta": f" {word}" if index else word})
    yield _event({"type": "transcript.text.done", "text": heard.text})


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def _verbose(heard: Heard, seconds: float, granularities: str) -> dict[str, Any]:
    words = [
        {"word": word.text, "start": round(word.start, 3), "end": round(word.end, 3)}
        for word in timed(heard)
    ]
    body: dict[str, Any] = {"task": "transcribe", "language": "english", "duration": seconds}
    if "word" in granularities:
        body["words"] = words
    if "segment" in granularities or not granularities:
        segment = {
            "id": 0,
            "seek": 0,
            "start": words[0]["start"] if words else 0.0,
            "end": words[-1]["end"] if words else seconds,
            "text": heard.text,
            "tokens": [],  # the recogniser has words only
            "temperature": 0.0,
            "avg_logprob": math.log(max(heard.confidence, 0.01)),
            "compression_ratio": 1.0,
            "no_speech_prob": 0.0 if heard.text else 1.0,
        }
        body["segments"] = [segment]
    return body


def _plain(heard: Heard, shape: str, seconds: float) -> str:
    if shape == "text":
        return f"{heard.text}\n"
    span = f"{_clock(0.0, shape)} --> {_clock(seconds, shape)}"
    cue = f"{span}\n{heard.text}\n"
    return f"WEBVTT\n\n{cue}" if shape == "vtt" else f"1\n{cue}"


def _clock(seconds: float, shape: str) -> str:
    minutes, rest = divmod(seconds, 60)
    text = f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}:{rest:06.3f}"
    return text if shape == "vtt" else text.replace(".", ",")
