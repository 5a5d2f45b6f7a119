"""Speak through LiveKit's own ElevenLabs plugin; run in an environment that has it.

Prints one JSON object: seconds of audio per way of speaking.
"""

import asyncio
import json
import os

import aiohttp
from livekit.plugins import elevenlabs

TEXT = "Your parcel left this morning. It should be with you by Friday."


async def main():
    async with aiohttp.ClientSession() as session:
        tts = elevenlabs.TTS(
            base_url=os.environ["ELEVENLABS_BASE_URL"] + "/v1",
            api_key=os.environ["ELEVENLABS_API_KEY"],
            voice_id="21m00Tcm4TlvDq8ikWAM",
            model="eleven_flash_v2_5",
            encoding="pcm_24000",
            http_session=session,
        )
        stream = tts.stream()
        for word in TEXT.split():
            stream.push_text(word + " ")
        stream.end_input()
        streamed = 0.0
        async for event in stream:
            streamed += event.frame.duration
        await stream.aclose()
        whole = 0.0
        async with tts.synthesize("Your parcel left this morning.") as chunked:
            async for event in chunked:
                whole += event.frame.duration
        voices = [voice.name for voice in await tts.list_voices()]
        await tts.aclose()
    print(json.dumps({"streamed": streamed, "whole": whole, "voices": voices}))


asyncio.run(main())
