"""Transcribe through Pipecat's own ElevenLabs services; run in an environment that has them.

Takes a file of PCM16 at 16 kHz. Prints one JSON object: what the pipeline was told by either way of
committing and by the recording's upload, and the error of a wrong key.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import aiohttp
from loguru import logger

logger.remove()

from pipecat.frames.frames import (  # noqa: E402
    EndFrame,
    ErrorFrame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline  # noqa: E402
from pipecat.pipeline.runner import PipelineRunner  # noqa: E402
from pipecat.pipeline.task import PipelineParams, PipelineTask  # noqa: E402
from pipecat.processors.frame_processor import FrameProcessor  # noqa: E402
from pipecat.services.elevenlabs.stt import (  # noqa: E402
    CommitStrategy,
    ElevenLabsRealtimeSTTService,
    ElevenLabsSTTService,
)

RATE = 16000
SOUND = Path(sys.argv[1]).read_bytes()
KEY = os.environ["ELEVENLABS_API_KEY"]
HOST = os.environ["ELEVENLABS_BASE_URL"].partition("://")[2]  # it adds wss://


class Collector(FrameProcessor):
    def __init__(self, wanted):
        super().__init__()
        self.partial, self.final, self.errors = [], [], []
        self.wanted = wanted
        self.done = asyncio.Event()

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, InterimTranscriptionFrame):
            self.partial.append(frame.text)
        elif isinstance(frame, TranscriptionFrame):
            self.final.append(frame.text)
        if len(self.final) == self.wanted:
            self.done.set()
        await self.push_frame(frame, direction)


async def transcribe(stt, wanted, commit=False):
    collector = Collector(wanted)
    task = PipelineTask(
        Pipeline([stt, collector]),
        params=PipelineParams(audio_in_sample_rate=RATE),
        cancel_on_idle_timeout=False,
    )

    @task.event_handler("on_pipeline_error")
    async def on_error(_task, frame: ErrorFrame):
        collector.errors.append(frame.error)
        collector.done.set()

    async def speak():
        if commit:
            await task.queue_frame(VADUserStartedSpeakingFrame())
        for first in range(0, len(SOUND), 640):
            await task.queue_frame(InputAudioRawFrame(SOUND[first : first + 640], RATE, 1))
            await asyncio.sleep(0.005)
        if commit:
            await task.queue_frame(VADUserStoppedSpeakingFrame())
        await asyncio.wait_for(collector.done.wait(), 60)
        await (task.cancel() if collector.errors else task.queue_frame(EndFrame()))

    await asyncio.gather(PipelineRunner(handle_sigint=False).run(task), speak())
    return collector


def realtime(key=KEY, strategy=CommitStrategy.VAD, **more):
    settings = ElevenLabsRealtimeSTTService.Settings(vad_silence_threshold_secs=0.5)
    return ElevenLabsRealtimeSTTService(
        api_key=key,
        base_url=HOST,
        commit_strategy=strategy,
        sample_rate=RATE,
        settings=settings,
        **more,
    )


async def main():
    vad = await transcribe(realtime(include_timestamps=True), 2)
    manual = await transcribe(realtime(strategy=CommitStrategy.MANUAL), 1, commit=True)
    wrong = await transcribe(realtime("wrong"), 1)
    async with aiohttp.ClientSession() as session:
        whole = ElevenLabsSTTService(
            api_key=KEY,
            aiohttp_session=session,
            base_url=os.environ["ELEVENLABS_BASE_URL"],
            sample_rate=RATE,
        )
        batch = await transcribe(whole, 1, commit=True)
    print(
        json.dumps(
            {
                "vad": vad.final,
                "partial": vad.partial,
                "manual": manual.final,
                "batch": batch.final,
                "error": wrong.errors[0],
            }
        )
    )


asyncio.run(main())
