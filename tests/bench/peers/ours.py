"""voicekit's `Voice`, warm."""
# mypy: disable-error-code="import-not-found"

import asyncio

from worker import LLM, MODEL, RATE, VOICE, Reply, serve

import voicekit


async def main() -> None:
    """Speak every reply with one `Voice`."""
    world = voicekit.connect()
    llm = world.async_openai()
    async with voicekit.Voice(world, VOICE, model=MODEL, rate=RATE) as voice:

        async def speak(reply: Reply) -> None:
            if reply.cancel_after is not None:
                await give_up(reply)
                return
            utterance = voice.speak(reply.tokens())
            timeline, began, played = utterance.timeline, 0.0, b""
            async for chunk in utterance:
                began = began or timeline.clock()
                played += chunk.pcm
                if reply.hear(len(chunk.pcm)):
                    utterance.cancel()
            onset = voicekit.Clip(played, RATE).onset()
            if onset is not None:  # a player that begins with the first chunk sounds then
                timeline.reconcile(began + onset - timeline.start)
                reply.unexplained = timeline.stages()[-1].seconds
            await voice.warm()  # a listener takes longer over the last words

        async def give_up(reply: Reply) -> None:
            stream = await llm.chat.completions.create(
                model=LLM,
                messages=[{"role": "user", "content": reply.prompt}],
                stream=True,
            )
            utterance = voice.speak(stream)

            async def barge_in() -> None:
                await asyncio.sleep(reply.cancel_after)
                reply.cancel()
                utterance.cancel()

            listener = asyncio.create_task(barge_in())
            async for chunk in utterance:
                reply.hear(len(chunk.pcm))
            await listener
            await voice.warm()

        await serve(speak)


asyncio.run(main())
