"""`AgentAudio`: the notebook's microphone and speaker as a `Duplex`, for the SDK and by hand."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets  # type: ignore[import-untyped]

from voicekit.arguments import check_seconds, check_type
from voicekit.audio import Clip
from voicekit.conversation.audio_interface import AudioInterface, Done, conversation_of
from voicekit.conversation.duplex import AudioFrame
from voicekit.conversation.hearing import Hearing
from voicekit.conversation.tape import Span
from voicekit.conversation.track import RATE
from voicekit.errors import AudioError
from voicekit.turns import live
from voicekit.widgets import Frame, Microphone, Speaker
from voicekit.widgets.frames import FrameQueue

if TYPE_CHECKING:
    from elevenlabs.conversational_ai.default_audio_interface import DefaultAudioInterface

_LOOK = 0.02  # seconds between two looks at whether the microphone listens
_WAITING = 5.0  # seconds of microphone that wait for who reads it before the oldest is dropped


class AgentAudio(AudioInterface):
    """The browser's microphone and speaker: the SDK's `audio_interface`, and a `Duplex`.

    ```python
    audio = voicekit.AgentAudio()
    conversation = Conversation(client, agent_id, requires_auth=True, audio_interface=audio)
    ```

    Show it in a cell of its own: it is both widgets, with their buttons and their errors in words.
    One object serves one conversation after the other.

    Args:
        microphone: by default one of its own, with the browser's echo cancellation.
        speaker: by default one of its own; another one must have 16 kHz.
        block: seconds of microphone in one message to the agent, or in one frame.
        keep: seconds of each side that stay available afterwards.

    Raises:
        AudioError: the speaker has another rate than 16 kHz.
        TypeError: microphone or speaker is something else.
        ValueError: `block` is out of range.
    """

    def __init__(
        self,
        microphone: Microphone | None = None,
        speaker: Speaker | None = None,
        *,
        block: float = 0.1,
        keep: float = 600.0,
    ) -> None:
        for name, widget, kind in (
            ("microphone", microphone, Microphone),
            ("speaker", speaker, Speaker),
        ):
            if widget is not None:
                check_type(name, widget, kind, f"Pass a {kind.__name__}, or leave it out.")
        check_seconds("block", block, least=0.001, most=1.0)
        if speaker is not None and speaker.rate != RATE:
            raise AudioError(
                f"The agent speaks at {RATE} Hz, this speaker plays {speaker.rate}. "
                f"Make a Speaker(rate={RATE})."
            )
        self.microphone = microphone or Microphone(frame=0.1 if block >= 0.1 else 0.02)
        self.speaker: Speaker
        super().__init__(speaker or Speaker(rate=RATE), time.monotonic)
        self._block = 2 * max(1, round(block * RATE))
        self._keep = keep
        self._hearing = Hearing(RATE, keep)
        self._waiting: FrameQueue[AudioFrame] = FrameQueue(round(_WAITING / self.microphone.frame))
        self._partial = AudioFrame(b"", 0.0)
        self._ends: list[Callable[[], None]] = []
        self._view: Any = None

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Both widgets, one above the other."""
        if self._view is None:
            self._view = ipywidgets.VBox([self.microphone, self.speaker])
        bundle = self._view._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["text/plain"] = repr(self)
        return bundle

    def ready(self, timeout: float = 2.0) -> bool:
        """Wait until a browser answers; False when none does within `timeout` seconds."""
        return self.microphone.ready(timeout)

    def missing(self, timeout: float = 30.0) -> str:
        """Ask for the microphone, and say what a conversation would lack here; "" is nothing.

        It is off again afterwards, and allowed.

        Args:
            timeout: seconds that a person has to allow it.
        """
        microphone = self.microphone
        if not self.ready():
            return "No browser answers, so there is no microphone here."
        microphone.start()
        try:
            deadline = time.monotonic() + timeout
            while microphone.state in {"starting", "asking"} and time.monotonic() < deadline:
                time.sleep(_LOOK)
            if microphone.state == "listening":
                return ""
            return microphone.error or f"Nobody allowed the microphone within {timeout:g} s."
        finally:
            microphone.stop()

    @property
    def error(self) -> str:
        """What is wrong with microphone or speaker and what to do; empty when nothing is."""
        return self.microphone.error or self.speaker.error

    def sent(self) -> Clip:
        """What the agent was sent, noise and pauses included, and what it understood."""
        return self._hearing.sent(self._spoken.caller)

    def close(self) -> None:
        """Release the devices and take both widgets away; calling it twice is safe."""
        self._close()
        self.microphone.close()
        self.speaker.close()

    def start(self, input_callback: Callable[[bytes], object]) -> Done:
        """Begin, and let a stand-in of this kernel know that a person speaks here."""
        done = super().start(input_callback)
        self._ends.append(live.microphone_of(conversation_of(input_callback)))
        return done

    def _spans(self) -> tuple[list[Span], list[Span]]:
        return self._hearing.spans(self.speaker.latency)

    def _capture(self) -> None:
        self._partial = AudioFrame(b"", 0.0)
        hearing = Hearing(RATE, self._keep, round(self._before * RATE))
        frames: FrameQueue[AudioFrame] = FrameQueue(round(_WAITING / self.microphone.frame))
        self._hearing, self._waiting = hearing, frames

        def hear(frame: Frame) -> None:
            frames.put(AudioFrame(frame.pcm, hearing.frame(frame.pcm, frame.seq, frame.at)))

        def note_played(seconds: float) -> None:
            hearing.played(round(seconds * RATE), time.monotonic(), self._sound)

        self._ends = [
            self.microphone.on_close(self._close),
            self.microphone.on_frame(hear),
            self.speaker.on_played(note_played),
            frames.end,
        ]
        self.speaker.prepare()
        self.microphone.start()

    def _release(self) -> None:
        for end in self._ends:
            end()
        self._ends = []
        self.microphone.stop()

    async def _wait_until_captured(self) -> None:
        while self.microphone.state in {"starting", "asking"}:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK)
        if self.microphone.state != "listening":
            raise AudioError(self.microphone.error or "The microphone was stopped before it began.")

    async def _next(self) -> AudioFrame | None:
        partial, at = self._partial
        while len(partial) < self._block:
            frame = await self._waiting.get()
            if frame is None:
                return None
            # Where this frame puts the block's beginning: one may have been lost before it.
            at = (round(frame.at * RATE) - len(partial) // 2) / RATE
            partial += frame.pcm
        block = AudioFrame(partial[: self._block], at)
        self._partial = AudioFrame(partial[self._block :], block.end)
        return block if self.state == "started" else None

    def _sound(self, start: int, end: int) -> bytes:
        """What the speaker played from one count of samples to another."""
        return self.speaker.clip(start / RATE, end / RATE).pcm


def local_audio() -> DefaultAudioInterface:
    """The SDK's `DefaultAudioInterface`, which needs PyAudio on the *kernel's* machine.

    It sends 250 ms blocks and cancels no echo: wear headphones. On a hub, on Binder and on Colab
    the kernel's machine has neither microphone nor loudspeaker; `AgentAudio` is for these.

    Raises:
        AudioError: PyAudio is not installed, or this machine has no sound device.
    """
    try:
        pyaudio = importlib.import_module("pyaudio")
    except ImportError as error:
        raise AudioError(
            "PyAudio is not installed. First PortAudio (Debian: apt-get install portaudio19-dev; "
            "macOS: brew install portaudio), then: pip install pyaudio. Without both, use "
            "AgentAudio, which needs a browser only."
        ) from error
    devices = pyaudio.PyAudio()
    try:
        for find in (devices.get_default_input_device_info, devices.get_default_output_device_info):
            find()
    except OSError as error:
        raise AudioError(
            f"The kernel's machine has no microphone or no loudspeaker ({error}). Use AgentAudio, "
            "which takes the browser's."
        ) from error
    finally:
        devices.terminate()
    from elevenlabs.conversational_ai.default_audio_interface import DefaultAudioInterface

    return DefaultAudioInterface()  # type: ignore[no-untyped-call]
