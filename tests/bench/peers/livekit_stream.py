"""LiveKit's ElevenLabs plugin driven directly, its defaults but for uncompressed audio."""
# mypy: ignore-errors

import asyncio
import base64
import os
from types import SimpleNamespace

import aiohttp
from livekit.plugins.elevenlabs import TTS
from livekit.plugins.elevenlabs import tts as plugin
from worker import FORMAT, MODEL, VOICE, serve


async def main():
    """Speak every reply over the plugin's one socket."""
    now = SimpleNamespace(reply=None)

    def b64decode(text):
        audio = base64.b64decode(text)
        now.reply.sizes.append(len(audio))
        return audio

    # The plugin cuts the vendor's messages into frames of its own. Their sizes tell which message
    # a frame's audio came in.
    plugin.base64 = SimpleNamespace(b64decode=b64decode)

    async with aiohttp.ClientSession() as session:
        tts = TTS(
            base_url=os.environ["ELEVENLABS_BASE_URL"] + "/v1",
            api_key=os.environ["ELEVENLABS_API_KEY"],
            voice_id=VOICE,
            model=MODEL,
            encoding=FORMAT,
            http_session=session,
        )
        tts.prewarm()

        async def speak(reply):
            now.reply = reply
            stream = tts.stream()

            async def answer():
                async for token in reply.tokens():
                    stream.push_text(token)
                stream.end_input()

            answering = asyncio.create_task(answer())
            async for event in stream:
                if reply.hear(len(event.frame.data) * 2):
                    break
            answering.cancel()
            await stream.aclose()

        await serve(speak)
        await tts.aclose()


asyncio.run(main())
