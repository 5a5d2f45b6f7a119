"""Transcribe through LiveKit's own ElevenLabs plugin; run in an environment that has it.

Takes a file of PCM16 at 16 kHz. Prints one JSON object: what it was told by either way of
committing and by the recording's upload, and the error of a wrong key.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import aiohttp
from livekit import rtc
from livekit.agents import APIConnectOptions, APIError
from livekit.agents.stt import SpeechEventType
from livekit.plugins import elevenlabs

RATE = 16000
SOUND = Path(sys.argv[1]).read_bytes()
FRAMES = [
    rtc.AudioFrame(SOUND[first : first + 640], RATE, 1, len(SOUND[first : first + 640]) // 2)
    for first in range(0, len(SOUND), 640)
]


def plugin(session, key=os.environ["ELEVENLABS_API_KEY"], model="scribe_v2_realtime", **more):
    return elevenlabs.STT(
        base_url=os.environ["ELEVENLABS_BASE_URL"] + "/v1",
        api_key=key,
        model=model,
        language_code="en",
        http_session=session,
        **more,
    )


async def transcribe(stt, wanted):
    """The interim and the final texts, and the words of the last."""
    interim, final, words = [], [], []
    async with stt.stream(conn_options=APIConnectOptions(max_retry=0)) as stream:
        for frame in FRAMES:
            stream.push_frame(frame)
        stream.flush()
        async for event in stream:
            if event.type == SpeechEventType.INTERIM_TRANSCRIPT:
                interim.append(event.alternatives[0].text)
            elif event.type == SpeechEventType.FINAL_TRANSCRIPT:
                final.append(event.alternatives[0].text)
                words = [str(word) for word in event.alternatives[0].words or []]
            if len(final) == wanted:
                break
    return interim, final, words


async def main():
    async with aiohttp.ClientSession() as session:
        server_vad = {"vad_silence_threshold_secs": 0.5}
        interim, vad, words = await transcribe(
            plugin(session, server_vad=server_vad, include_timestamps=True), 2
        )
        _, manual, _ = await transcribe(plugin(session, previous_text="We spoke of parcels."), 1)
        try:
            await transcribe(plugin(session, "wrong"), 1)
        except APIError as error:
            refused = error.message
        batch = await plugin(session, model="scribe_v2").recognize(FRAMES)
    print(
        json.dumps(
            {
                "vad": vad,
                "partial": interim,
                "words": words,
                "manual": manual,
                "batch": [batch.alternatives[0].text],
                "error": refused,
            }
        )
    )


asyncio.run(main())
