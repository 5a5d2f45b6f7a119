"""When the ears are missing or die, a person reads one sentence with the cause and the cure."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from elevenlabs import ElevenLabs
from elevenlabs.core.api_error import ApiError
from packaging.requirements import Requirement
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as dial

from voicekit.audio import Clip
from voicekit.errors import EngineError
from voicekit.standin import Standin
from voicekit.standin.engines.recogniser import has_wheel
from voicekit.standin.engines.worker import Worker
from voicekit.standin.http import tls
from voicekit.standin.http.refusals import close_reason
from voicekit.tools.doctor import understands

NOT_INSTALLED = "raise ImportError('No module named pocketsphinx')"
TOO_NEW = f"import sys\nsys.version_info = (3, 14, 0, 'final', 0)\n{NOT_INSTALLED}"
DIES = "import os\nos.write(2, b'it hurts')\nos._exit(7)"
SOUND = Clip(b"\1\0" * 16_000, 16_000, "What are your opening hours?")


@pytest.fixture(
    params=[
        (NOT_INSTALLED, "need pocketsphinx", 'pip install "voicekit[offline]"'),
        (TOO_NEW, "has no wheel for it", "Use Python 3.13."),
        (DIES, "died twice", "Please report this"),
    ],
    ids=["not installed", "too new", "dies"],
)
def deaf(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SimpleNamespace]:
    """A stand-in whose recogniser's process finds such a `pocketsphinx`."""
    program, cause, cure = request.param
    (tmp_path / "pocketsphinx.py").write_text(program, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    standin = Standin("instant")
    yield SimpleNamespace(standin=standin, cause=cause, cure=cure)
    standin.stop()


@pytest.fixture
def client(deaf: SimpleNamespace) -> Iterator[ElevenLabs]:
    with httpx.Client(trust_env=False, timeout=60) as http:
        yield ElevenLabs(
            base_url=deaf.standin.elevenlabs_url,
            api_key=deaf.standin.elevenlabs_key,
            httpx_client=http,
        )


def test_a_conversation_closes_with_cause_and_cure(deaf: SimpleNamespace) -> None:
    url = deaf.standin.elevenlabs_url.replace("http", "ws", 1)
    with dial(f"{url}/v1/convai/conversation?agent_id=agent_standin", proxy=None) as socket:
        socket.send(json.dumps({"user_audio_chunk": base64.b64encode(bytes(3200)).decode()}))
        with contextlib.suppress(ConnectionClosed):
            while True:
                socket.recv(timeout=60)
    assert socket.close_code == 1002
    assert deaf.cause in str(socket.close_reason)
    assert deaf.cure in str(socket.close_reason)


def test_the_sdk_and_the_doctor_say_cause_and_cure(
    deaf: SimpleNamespace, client: ElevenLabs
) -> None:
    with pytest.raises(ApiError) as caught:
        client.speech_to_text.convert(
            file=("speech.wav", SOUND.wav(), "audio/wav"), model_id="scribe_v2"
        )
    said = caught.value.body["detail"]["message"]
    assert deaf.cause in said
    assert deaf.cure in said
    world = SimpleNamespace(elevenlabs=lambda: client, live={"elevenlabs": False})
    row = understands(world, SOUND)  # type: ignore[arg-type]
    assert deaf.cure in row.found
    assert "header" not in row.found


@pytest.mark.parametrize("machine", ["x86_64", "aarch64", "arm64", "AMD64"])
@pytest.mark.parametrize("minor", [10, 11, 12, 13, 14])
def test_pyproject_and_the_recogniser_know_the_same_wheels(
    minor: int, machine: str, root: Path
) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    needs = map(Requirement, project["optional-dependencies"]["offline"])
    place = {"python_version": f"3.{minor}", "platform_machine": machine}
    asked = [n for n in needs if n.name == "pocketsphinx" and n.marker.evaluate(place)]  # type: ignore[union-attr]
    assert len(asked) == has_wheel((3, minor), machine)


def test_a_close_reason_ends_with_a_sentence_if_one_fits() -> None:
    assert close_reason("Short. And whole") == "Short. And whole"
    assert close_reason("Ä first one. " + "Then a long one " * 9) == "Ä first one."
    assert len(close_reason("ä" * 100).encode()) == 122


def test_without_a_folder_for_temporary_files_the_error_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(EngineError, match="set TMPDIR"):
        Worker(["true"])
    with pytest.raises(EngineError, match="set TMPDIR"):
        tls.server_context.__wrapped__()
