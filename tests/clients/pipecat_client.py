"""Speak through Pipecat's own ElevenLabs and OpenAI services; run in an environment that has them.

Prints one JSON object: bytes of audio and the LLM's text that came through Pipecat's pipeline.
"""

import asyncio
import json
import os
import sys

from loguru import logger

logger.remove()
logger.add(sys.stderr, level="WARNING")

from pipecat.frames.frames import (  # noqa: E402
    EndFrame,
    LLMContextFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
)
from pipecat.pipeline.pipeline import Pipeline  # noqa: E402
from pipecat.pipeline.runner import PipelineRunner  # noqa: E402
from pipecat.pipeline.task import PipelineParams, PipelineTask  # noqa: E402
from pipecat.processors.aggregators.llm_context import LLMContext  # noqa: E402
from pipecat.processors.frame_processor import FrameProcessor  # noqa: E402
from pipecat.services.elevenlabs.tts import ElevenLabsTTSService  # noqa: E402
from pipecat.services.openai.llm import OpenAILLMService  # noqa: E402


class Collector(FrameProcessor):
    def __init__(self, done):
        super().__init__()
        self.audio = 0
        self.done = done

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, TTSAudioRawFrame):
            self.audio += len(frame.audio)
        if type(frame).__name__ == "TTSStoppedFrame":
            self.done.set()
        await self.push_frame(frame, direction)


class Text(FrameProcessor):
    def __init__(self):
        super().__init__()
        self.text = ""

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMTextFrame):
            self.text += frame.text
        await self.push_frame(frame, direction)


async def main():
    done = asyncio.Event()
    llm = OpenAILLMService(
        api_key=os.environ["OPENAI_API_KEY"],
        base_url=os.environ["OPENAI_BASE_URL"],
        model="voicekit-script-1",
    )
    tts = ElevenLabsTTSService(
        api_key=os.environ["ELEVENLABS_API_KEY"],
        url=os.environ["ELEVENLABS_BASE_URL"].replace("http", "ws", 1),
        voice_id="21m00Tcm4TlvDq8ikWAM",
        model="eleven_flash_v2_5",
    )
    text, collector = Text(), Collector(done)
    pipeline = Pipeline([llm, text, tts, collector])
    task = PipelineTask(pipeline, params=PipelineParams(audio_out_sample_rate=24000))
    messages = [{"role": "user", "content": "What are your opening hours?"}]
    await task.queue_frame(LLMContextFrame(LLMContext(messages)))

    async def finish():
        await asyncio.wait_for(done.wait(), 20)
        await task.queue_frame(EndFrame())

    await asyncio.gather(PipelineRunner(handle_sigint=False).run(task), finish())
    print(json.dumps({"text": text.text, "bytes": collector.audio}))


asyncio.run(main())
