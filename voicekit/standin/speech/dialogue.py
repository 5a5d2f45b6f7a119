"""`/v1/text-to-dialogue/…`: the sockets of the v3 and v4 models, one dialogue or several contexts.

No voice is in the address: each context's first message registers its `voices`, and `inputs` say
who says what. About 40 characters are held back unless flushed. The single socket has no cancel;
the multi socket has `close_context`, which says what is left and ends with `is_final`. Sources: the
types of the official SDK 2.78 (`TextToDialogueWebsocket…`), and for the 40 characters, and that a
context which is not registered ends the socket, Pipecat 1.14's dialogue service.
"""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import Field
from starlette.websockets import WebSocket

from voicekit.standin.catalog import elevenlabs
from voicekit.standin.http.refusals import Refusal
from voicekit.standin.speech.buffer import TextBuffer
from voicekit.standin.speech.context import Context
from voicekit.standin.speech.messages import ClientMessage
from voicekit.standin.speech.multi_stream_input import DEFAULT, Contexts
from voicekit.standin.speech.settings import Sent
from voicekit.standin.speech.socket import TIMED_OUT, Complaint, Line, serve

HELD = 40
"""Characters that are waited for before a generation starts by itself."""


class VoiceInput(Sent):
    """What one voice says next."""

    text: str
    voice_id: str
    new_turn: bool | None = None


class DialogueMessage(ClientMessage):
    """A client's message; `voices` and settings belong into a context's first one."""

    inputs: list[VoiceInput] | None = None
    voices: list[str] | None = Field(None, min_length=1, max_length=10)
    keep_alive: bool | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether nothing is asked for."""
        asked = (self.inputs, self.voices, self.keep_alive, self.flush)
        return all(part is None for part in (*asked, self.close_context, self.close_socket))


class Dialogue(Context):
    """One context: its voices, and the text that waits for the next of them.

    Raises:
        Refusal: a voice is not known.
    """

    def __init__(self, line: Line, names: dict[str, str], first: DialogueMessage) -> None:
        super().__init__(line, names, final={"is_final": True})
        self._voices = {voice: elevenlabs.voice(voice) for voice in first.voices or ()}
        self._voice = next(iter(self._voices.values()))
        self._begin(first)
        self._buffer = TextBuffer((HELD,))

    def hear_inputs(self, message: DialogueMessage) -> None:
        """Take a message's lines.

        Raises:
            Complaint: one is of a voice that is not registered.
            Refusal: the text is too long.
        """
        inputs = message.inputs or []
        for number, line in enumerate(inputs):
            if line.voice_id not in self._voices:
                said = f"The voice {line.voice_id!r} was not registered in the first message."
                raise Complaint("invalid_parameters", said, {**self._names, "param": "inputs"})
            if line.new_turn and len(self._buffer):
                self._speak(self._buffer.feed("", flush=True))
            self._line.model.check_length(line.text)
            flush = bool(message.flush) and number == len(inputs) - 1
            self._speak(self._buffer.feed(line.text, flush=flush))
        if message.flush and not inputs:
            self._speak(self._buffer.feed("", flush=True))

    async def _generate(self, segment: str, at: float) -> None:
        await super()._generate(segment, at)
        await self._line.send({"is_final_audio_for_turn": True, **self._names})

    @staticmethod
    def _worded(audio: str, alignment: dict[str, Any] | None) -> dict[str, Any]:
        if alignment is None:
            return {"audio": audio}
        times = {
            "chars": alignment["chars"],
            "char_start_times_ms": alignment["charStartTimesMs"],
            "char_durations_ms": alignment["charDurationsMs"],
        }
        return {"audio": audio, "alignment": times}


class Dialogues(Contexts):
    """The contexts of one multi socket."""

    def _take(self, message: ClientMessage) -> None:
        assert isinstance(message, DialogueMessage)  # noqa: S101  the socket reads no other
        name = message.context_id or DEFAULT
        names = {"context_id": name}
        if message.close_socket:
            super()._take(message)
            return
        if not message.context_id:
            raise Complaint("invalid_parameters", "A message needs its 'context_id'.")
        try:
            if name not in self.open:
                self._register(name, names, message)
            elif message.voices:
                said = "voices can only be set in the first message."
                raise Complaint("invalid_parameters", said, names)
            context = self.open[name]
            assert isinstance(context, Dialogue)  # noqa: S101  nothing else is registered
            context.hear_inputs(message)
        except Refusal as error:
            raise Complaint(error.name, error.message, names) from error
        if message.close_context:
            self._close(name, flush=True)
        else:
            self._rest(name)

    def _register(self, name: str, names: dict[str, str], message: DialogueMessage) -> None:
        if not message.voices:
            said = f"The context {name!r} is not registered: send its 'voices' first."
            raise Complaint("invalid_parameters", said, names)
        self._admit(name)
        self._start(name, Dialogue(self.line, names, message))
        self._rest(name)


async def multi_stream_input(websocket: WebSocket) -> None:
    """Serve one connection with several contexts."""

    async def talk(line: Line) -> None:
        async with asyncio.TaskGroup() as outer:
            async with asyncio.TaskGroup() as speaking:
                contexts = Dialogues(line, speaking)
                reading = outer.create_task(contexts.read())
                await contexts.closing.wait()
            reading.cancel()

    await serve(websocket, talk, DialogueMessage)


async def stream_input(websocket: WebSocket) -> None:
    """Serve one connection with one dialogue."""
    await serve(websocket, _talk, DialogueMessage)


async def _talk(line: Line) -> None:
    first = await line.receive()
    assert isinstance(first, DialogueMessage)  # noqa: S101  the socket reads no other
    if not first.voices:
        raise Complaint("invalid_parameters", "The first message needs 'voices'.")
    dialogue = Dialogue(line, {}, first)
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(_read(line, dialogue, first))
        await dialogue.run()
        reading.cancel()


async def _read(line: Line, dialogue: Dialogue, message: DialogueMessage) -> None:
    while True:
        if not dialogue.ended:
            dialogue.hear_inputs(message)
            if message.close_socket:
                dialogue.end(flush=True)
        try:
            received = await line.receive()
        except Complaint as complaint:
            if dialogue.ended and complaint.name == TIMED_OUT:
                continue
            raise
        assert isinstance(received, DialogueMessage)  # noqa: S101  the socket reads no other
        message = received
        if message.voices:
            said = "voices can only be set in the first message."
            raise Complaint("invalid_parameters", said)
