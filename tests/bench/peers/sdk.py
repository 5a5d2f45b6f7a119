"""The official SDK's `convert_realtime`: tokens in, audio out, over a socket per reply."""
# mypy: disable-error-code="import-not-found"

import os
import threading
from collections.abc import Generator, Iterator

from elevenlabs import ElevenLabs
from openai import OpenAI
from worker import FORMAT, LLM, MODEL, VOICE, Reply, orders_blocking

client = ElevenLabs(
    api_key=os.environ["ELEVENLABS_API_KEY"], base_url=os.environ["ELEVENLABS_BASE_URL"]
)
llm = OpenAI()


def speak(tokens: Iterator[str]) -> Generator[bytes, None, None]:
    """The SDK's call, with the model and format of every variant here."""
    yield from client.text_to_speech.convert_realtime(
        VOICE, text=tokens, model_id=MODEL, output_format=FORMAT
    )


def give_up(reply: Reply) -> None:
    """Stop as soon as a caller can: at the next token, or at the next audio."""
    told = threading.Event()

    def barge_in() -> None:
        reply.cancel()
        told.set()

    stream = llm.chat.completions.create(
        model=LLM,
        messages=[{"role": "user", "content": reply.prompt}],
        stream=True,
    )

    def tokens() -> Iterator[str]:
        for chunk in stream:
            if told.is_set():
                stream.close()
                raise InterruptedError
            yield chunk.choices[0].delta.content or "" if chunk.choices else ""

    timer = threading.Timer(reply.cancel_after, barge_in)
    timer.start()
    audio = speak(tokens())
    try:
        for chunk in audio:
            reply.hear(len(chunk))
            if told.is_set():
                stream.close()
                break
    except InterruptedError:
        pass
    finally:
        audio.close()
        timer.join()


for reply in orders_blocking():
    if reply.cancel_after is not None:
        give_up(reply)
        continue
    audio = speak(reply.tokens_blocking())
    for chunk in audio:
        if reply.hear(len(chunk)):
            break
    audio.close()
