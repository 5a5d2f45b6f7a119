import sys
import types

import pytest

from voicekit import local_audio
from voicekit.errors import AudioError


def test_without_pyaudio_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    with pytest.raises(AudioError, match="pip install pyaudio"):
        local_audio()


class Devices:
    """PyAudio's object on a machine with or without sound."""

    found = True
    ended = 0

    def get_default_input_device_info(self):
        if not self.found:
            raise OSError("No Default Input Device Available")

    get_default_output_device_info = get_default_input_device_info

    def terminate(self):
        Devices.ended += 1


@pytest.fixture
def _pyaudio(monkeypatch):
    module = types.ModuleType("pyaudio")
    module.PyAudio = Devices
    monkeypatch.setitem(sys.modules, "pyaudio", module)


@pytest.mark.usefixtures("_pyaudio")
def test_a_machine_without_sound_is_told_before_a_session_begins(monkeypatch):
    monkeypatch.setattr(Devices, "found", False)
    before = Devices.ended
    with pytest.raises(AudioError, match="AgentAudio"):
        local_audio()
    assert Devices.ended == before + 1


@pytest.mark.usefixtures("_pyaudio")
def test_otherwise_it_is_the_sdks_own():
    audio = local_audio()
    assert type(audio).__name__ == "DefaultAudioInterface"
    assert type(audio).__module__.startswith("elevenlabs.")
