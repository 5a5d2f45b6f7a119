"""Pipecat's ElevenLabs service in a pipeline, its defaults; tokens come where its LLM's would."""
# mypy: ignore-errors

import asyncio
import os
import sys

from loguru import logger

logger.remove()
logger.add(sys.stderr, level="WARNING")

from pipecat.frames.frames import (  # noqa: E402
    EndFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline  # noqa: E402
from pipecat.pipeline.runner import PipelineRunner  # noqa: E402
from pipecat.pipeline.task import PipelineParams, PipelineTask  # noqa: E402
from pipecat.processors.frame_processor import FrameProcessor  # noqa: E402
from pipecat.services.elevenlabs.tts import ElevenLabsTTSService  # noqa: E402
from worker import MODEL, RATE, VOICE, serve  # noqa: E402


class Passing(FrameProcessor):
    """Passes every frame on; frames are pushed from it as an LLM service pushes its own."""

    async def process_frame(self, frame, direction):
        """Pass a frame on."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)


class Ear(Passing):
    """Notes the audio that reaches the end of the pipeline."""

    def __init__(self):
        super().__init__()
        self.reply = None
        self.done = asyncio.Event()

    async def process_frame(self, frame, direction):
        """Note the audio and its end."""
        if isinstance(frame, TTSAudioRawFrame) and not self.done.is_set():
            if self.reply.hear(len(frame.audio)):
                self.done.set()
        elif isinstance(frame, TTSStoppedFrame):
            self.done.set()
        await super().process_frame(frame, direction)


async def main():
    """Keep one pipeline running, and speak every reply in it."""
    tts = ElevenLabsTTSService(
        api_key=os.environ["ELEVENLABS_API_KEY"],
        url=os.environ["ELEVENLABS_BASE_URL"].replace("http", "ws", 1),
        settings=ElevenLabsTTSService.Settings(voice=VOICE, model=MODEL),
    )
    source, ear = Passing(), Ear()
    task = PipelineTask(
        Pipeline([source, tts, ear]),
        params=PipelineParams(audio_out_sample_rate=RATE),
        idle_timeout_secs=None,
    )
    running = asyncio.create_task(PipelineRunner(handle_sigint=False).run(task))

    async def speak(reply):
        ear.reply = reply
        ear.done.clear()

        async def answer():
            await source.push_frame(LLMFullResponseStartFrame())
            async for token in reply.tokens():
                await source.push_frame(LLMTextFrame(token))
            await source.push_frame(LLMFullResponseEndFrame())

        answering = asyncio.create_task(answer())
        await asyncio.wait_for(ear.done.wait(), 60)
        if reply.first_only:
            answering.cancel()
            await source.push_frame(InterruptionFrame())
            await asyncio.sleep(0.05)
        else:
            await answering

    await serve(speak)
    await task.queue_frame(EndFrame())
    await running


asyncio.run(main())
