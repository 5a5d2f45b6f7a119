"""A voice to speak with: `Voice` for a conversation, `speak` for one utterance.

```python
async with voicekit.Voice(world) as voice:
    async for chunk in voice.speak(llm_stream):
        play(chunk.pcm)
```
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, Never

from voicekit.arguments import check_choice, check_type
from voicekit.speech import dialogue
from voicekit.speech.channel import Address, Spare
from voicekit.speech.delivery import Chunk
from voicekit.speech.dialogue import DialogueLine, is_dialogue
from voicekit.speech.tokens import Text
from voicekit.speech.utterance import Utterance
from voicekit.text.preparer import Preparer
from voicekit.timeline.marks import Timeline
from voicekit.world import World, connect

RACHEL = "21m00Tcm4TlvDq8ikWAM"
"""A voice id that every account has. Look others up: `client.voices.search(search="Sarah")`."""


_RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
_SETTINGS = ("stability", "similarity_boost", "style", "speed", "use_speaker_boost")


class Voice:
    """One voice and its warm connection, for any number of utterances.

    Args:
        world: from `voicekit.connect()`; None connects with its defaults.
        voice: an ElevenLabs voice id.
        model: flash for conversation; turbo, multilingual and the dialogue models v3 and v4
            (`eleven_v4_turbo`) work as well. The vendor's controls
            in a text (pauses, phonemes, [laughs]) reach a model that reads them and no other.
        rate: PCM samples a second of the chunks.
        settings: stability, similarity_boost, style, speed, use_speaker_boost; the vendor's ranges.
            The dialogue models read `stability` alone.
        language: how numbers, dates and amounts are said.
        first: `clause` starts to speak at the first clause, `sentence` waits for a whole sentence.
        normalise: say numbers, dates and symbols as words, whatever the vendor would make of them.
        trim: leave out the silence before the first sound.

    Raises:
        TypeError: `world`, `voice` or `model` is something else.
        ValueError: an id is empty, or there is no such rate, language, setting or first fragment.
    """

    def __init__(
        self,
        world: World | None = None,
        voice: str = RACHEL,
        *,
        model: str = "eleven_flash_v2_5",
        rate: int = 22050,
        settings: Mapping[str, Any] | None = None,
        language: str = "en",
        first: Literal["clause", "sentence"] = "clause",
        normalise: bool = True,
        trim: bool = False,
        **unknown: Never,
    ) -> None:
        if unknown:
            raise TypeError(_unknown(next(iter(unknown))))
        world = connect() if world is None else world
        check_type("world", world, World, "Pass what voicekit.connect() returns.")
        for name, value in (("voice", voice), ("model", model)):
            check_type(name, value, str, "Pass its id.")
            if not value.strip():
                raise ValueError(f"`{name}` is empty. Pass its id.")
        if rate not in _RATES:
            known = ", ".join(map(str, _RATES))
            raise ValueError(f"The vendor has no PCM of {rate!r} samples a second, but {known}.")
        check_choice("first", first, ("clause", "sentence"))
        Preparer(language, first, normalise, model)  # refuses a language without rules here
        known_settings = dialogue.SETTINGS if is_dialogue(model) else _SETTINGS
        for name in settings or ():
            check_choice("settings", name, known_settings)
        address = Address(world.elevenlabs_url, world.elevenlabs_key, voice, model, rate, settings)
        self.rate = rate
        self._connection = DialogueLine(address) if is_dialogue(model) else Spare(address)
        self._preparer: Callable[[], Preparer] = lambda: Preparer(language, first, normalise, model)
        self._profile = world.profile
        self._trim = trim

    async def __aenter__(self) -> Voice:
        await self.warm()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def warm(self) -> None:
        """Connect now, so that the first utterance does not have to.

        Raises:
            SpeechError: the vendor refuses, or cannot be reached.
        """
        await self._connection.warm()

    def speak(self, text: Text) -> Utterance:
        """Begin to say a text, or the tokens of an LLM as they come; iterate the result for audio.

        Args:
            text: a string; an iterable (synchronous or not) of strings or of chat completion
                chunks; or an awaitable that gives one: see `voicekit.speech.tokens`. A request to
                the LLM that is not awaited yet is timed as well.

        Raises:
            RuntimeError: there is no running event loop; use `speak_sync`.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError(
                "Speaking needs a running event loop, as notebooks have. Use speak_sync here."
            ) from None
        timeline = Timeline(profile=self._profile)
        opener = self._connection.channel
        return Utterance(text, opener, self._preparer(), self.rate, timeline, self._trim)

    async def close(self) -> None:
        """Hang up. Utterances under way lose their connection."""
        await self._connection.close()


def speak(text: Text, world: World | None = None, **voice: Any) -> Utterance:
    """Say one text, or an LLM's tokens as they come. Keywords are those of `Voice`.

    For more than one utterance a `Voice` is quicker: it is connected before it is needed.
    """
    return Voice(world, **voice).speak(text)


def speak_sync(text: Text, world: World | None = None, **voice: Any) -> Iterator[Chunk]:
    """`speak` for code without `await`: a generator of chunks; closing it cancels the utterance."""
    chunks: queue.SimpleQueue[Chunk | BaseException | None] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        utterance = None
        try:
            utterance = speak(text, world, **voice)
            async for chunk in utterance:
                chunks.put(chunk)
            chunks.put(None)
        except BaseException as error:  # the caller waits for a chunk, or for this
            if utterance is not None:
                utterance.cancel()
            chunks.put(error)
            raise

    work = loop.create_task(run())
    thread = threading.Thread(target=_finish, args=(loop, work), name="voicekit-speak", daemon=True)
    thread.start()
    try:
        while (item := chunks.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(work.cancel)
        thread.join()


def _unknown(name: str) -> str:
    if name == "one_socket":
        return "one_socket= is gone: each utterance has a warm socket of its own. Leave it out."
    return f"Voice has no argument {name!r}."


def _finish(loop: asyncio.AbstractEventLoop, work: asyncio.Task[None]) -> None:
    """Run until the work has ended, and leave nothing open behind it."""
    with contextlib.suppress(BaseException):  # it was handed to the caller
        loop.run_until_complete(work)
    if rest := asyncio.all_tasks(loop):  # the utterance itself, hanging up
        loop.run_until_complete(asyncio.wait(rest))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
