"""Sentence by sentence over HTTP: what most tutorials do with the SDK's `stream`.

A full stop is taken for a sentence's end at once. So this one also cuts after "Mr." and inside
"$87.20", and has its first audio sooner there than anyone who says them right.
"""
# mypy: disable-error-code="import-not-found"

import os
from collections.abc import Generator, Iterator

from elevenlabs import ElevenLabs
from worker import FORMAT, MODEL, RATE, VOICE, Reply, orders_blocking

PIECE = RATE * 2 // 5
"""Bytes in one of the stand-in's pieces: 0.2 seconds."""

client = ElevenLabs(
    api_key=os.environ["ELEVENLABS_API_KEY"], base_url=os.environ["ELEVENLABS_BASE_URL"]
)


def sentences(tokens: Iterator[str]) -> Iterator[str]:
    """Text up to each full stop, question mark or exclamation mark."""
    text = ""
    for token in tokens:
        text += token
        if text.rstrip().endswith((".", "!", "?")):
            yield text
            text = ""
    if text.strip():
        yield text


def speak(reply: Reply) -> Generator[bytes, None, None]:
    """One request after the other."""
    for sentence in sentences(reply.tokens_blocking()):
        got = 0
        for chunk in client.text_to_speech.stream(
            VOICE, text=sentence, model_id=MODEL, output_format=FORMAT
        ):
            got += len(chunk)
            yield chunk
        reply.sizes += [PIECE] * (got // PIECE) + [got % PIECE] * (got % PIECE > 0)


for reply in orders_blocking():
    audio = speak(reply)
    for chunk in audio:
        if reply.hear(len(chunk)):
            break
    audio.close()
