"""Does the world answer, speak and understand? The official SDKs ask, live or offline."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from voicekit.audio import Clip
from voicekit.tools.doctor.report import Row, row
from voicekit.tools.doctor.sound import AUDIBLE
from voicekit.world import World, connect

SENTENCE = "What are your opening hours?"
_RACHEL = "21m00Tcm4TlvDq8ikWAM"
_LLM, _TTS, _STT = "gpt-6-luna", "eleven_flash_v2_5", "scribe_v2"
_RATE = 16_000
_ONCE: Any = {"max_retries": 0}  # tried again, the SDK sends an empty form and hides the cause
_SAID = 300  # characters of a vendor's complaint; the stand-in's end with what to do


def standin(profile: str) -> tuple[Row, World | None]:
    """Whether the stand-in starts, and both vendors in it."""
    try:
        return row("standin", "ok"), connect(profile, offline=True)
    except Exception as error:  # a missing package, no port, no room for its certificate
        return row("standin", "failed", why=_said(error)), None


def answers(world: World) -> Row:
    """Whether the LLM says something, and after how long its first token comes."""
    try:
        with world.openai() as client:
            "".join(_ask(client, "Hello."))  # connect first: that is no latency of an LLM's
            started = time.perf_counter()
            tokens = _ask(client, SENTENCE)
            text = next(tokens, "")
            first = time.perf_counter() - started
            text += "".join(tokens)
    except Exception as error:  # each vendor has its own kinds; the row says which it was
        return row("answers", _failed(world, "openai"), why=_said(error))
    if not text.strip():
        return row("answers", "silent")
    return row("answers", "ok", ms=round(1000 * first))


def speaks(world: World) -> tuple[Row, Clip]:
    """Whether the voice can be heard, and after how long its first audio comes.

    Returns:
        The row, and what was said, 16 kHz; an empty clip when nothing was.
    """
    try:
        with _client(world) as client:
            # The first request starts the offline voice's process: that is no vendor's latency.
            b"".join(_say(client, "Hello."))
            started = time.perf_counter()
            chunks = _say(client, SENTENCE)
            head = next(chunks, b"")
            first = time.perf_counter() - started
            clip = Clip.from_chunks([head, *chunks], _RATE, SENTENCE)
    except Exception as error:
        return row("speaks", _failed(world, "elevenlabs"), why=_said(error)), Clip(b"", _RATE)
    if clip.onset() is None or clip.level < AUDIBLE:
        return row("speaks", "silent"), clip
    return row("speaks", "ok", ms=round(1000 * first), seconds=f"{clip.seconds:.1f}"), clip


def understands(world: World, clip: Clip) -> Row:
    """Whether the recogniser makes of the clip what was said in it; offline, why there is none."""
    if not clip.pcm:
        return row("understands", "nothing")
    sound = ("speech.wav", clip.wav(), "audio/wav")
    try:
        with _client(world) as client:
            heard = client.speech_to_text.convert(
                file=sound, model_id=_STT, language_code="en", request_options=_ONCE
            )
    except Exception as error:
        if not world.live["elevenlabs"] and getattr(error, "status_code", 0) in (404, 501):
            return row("understands", "none", why=_said(error))
        return row("understands", _failed(world, "elevenlabs"), why=_said(error))
    text = str(getattr(heard, "text", ""))
    same = _words(text) == _words(clip.text)
    return row("understands", "ok" if same else "other", said=clip.text, heard=text)


@contextmanager
def _client(world: World) -> Iterator[Any]:
    client = world.elevenlabs()
    try:
        yield client
    finally:
        with suppress(AttributeError):  # the SDK has no close of its own
            client._client_wrapper.httpx_client.httpx_client.close()


def _ask(client: Any, question: str) -> Iterator[str]:
    messages = [{"role": "user", "content": question}]
    create = client.chat.completions.create
    for chunk in create(model=_LLM, reasoning_effort="none", messages=messages, stream=True):
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content


def _say(client: Any, text: str) -> Iterator[bytes]:
    return iter(
        client.text_to_speech.stream(
            _RACHEL, text=text, model_id=_TTS, output_format="pcm_16000", request_options=_ONCE
        )
    )


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def _failed(world: World, vendor: str) -> str:
    """The code of a failure: the cure is another one live and offline."""
    return "failed" if world.live[vendor] else "offline"


def _said(error: Exception) -> str:
    """What went wrong, in one line: the vendor's own sentence, never its headers."""
    message = _message(getattr(error, "body", None))
    if not message:
        status = getattr(error, "status_code", None)
        message = f"an answer with status {status} and no reason" if status else str(error)
    text = " ".join((message or type(error).__name__).split())
    return text if len(text) <= _SAID else text[:_SAID].rpartition(" ")[0] + " …"


def _message(body: Any) -> str:
    """The sentence in an error's body, in whichever of the vendors' forms."""
    if hasattr(body, "model_dump"):
        body = body.model_dump()
    match body:
        case {"detail": inner} | {"error": inner}:
            return _message(inner)
        case {"message": str(text)} | {"msg": str(text)} | str(text):
            return "" if "<html" in text.lower() else text
        case [first, *_]:
            return _message(first)
    return ""
