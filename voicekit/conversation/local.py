"""The SDK's own audio interface: PortAudio on the kernel's machine, for those who sit at it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from voicekit.errors import AudioError

if TYPE_CHECKING:
    from elevenlabs.conversational_ai.default_audio_interface import DefaultAudioInterface


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
