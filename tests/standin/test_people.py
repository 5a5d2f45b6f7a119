"""The ears for people: where their weights come from, and what they hear with them."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import http.server
import importlib.util
import re
import sys
import threading
import wave
from pathlib import Path

import numpy as np
import pytest
import soxr

from voicekit.errors import EngineError
from voicekit.standin.engines import LISTENING_RATE, moonshine, people
from voicekit.standin.engines.asr_pool import WorkerEars
from voicekit.turns import live

FAKE = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    text = "Call me at nine thirty." if request.get("pcm") else ""
    print(json.dumps({"bytes": 0, "text": text, "confidence": 0.9, "probabilities": [0.0] * 31,
                      "words": [["closed", 0, 1]], "source": "grammar"}), flush=True)
"""
FILES = {"encoder_model.ort": b"reads", "tokenizer.bin": b"\x03abc"}


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A server of two small files instead of the maker's; what it was asked for."""
    folder, asked = tmp_path / "source", []
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, *_):
            asked.append(self.path)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(
        people, "SHA256", {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
    )
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.delenv(people.MODEL_VARIABLE, raising=False)
    monkeypatch.setenv(people.SOURCE_VARIABLE, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield folder, asked
    server.shutdown()
    server.server_close()


def test_weights_are_fetched_once(source):
    _, asked = source
    folder = people.weights()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    assert people.weights() == folder
    assert sorted(asked) == sorted(f"/{name}" for name in FILES)


def test_another_file_than_the_known_one_is_refused_and_not_kept(source):
    folder, _ = source
    (folder / "tokenizer.bin").write_bytes(b"something else")
    with pytest.raises(EngineError, match="not the file that this version knows"):
        people.weights()
    (folder / "tokenizer.bin").write_bytes(FILES["tokenizer.bin"])
    assert (people.weights() / "tokenizer.bin").read_bytes() == FILES["tokenizer.bin"]


def test_without_a_network_the_error_names_the_local_folder(source):
    folder, _ = source
    (folder / "encoder_model.ort").unlink()
    with pytest.raises(EngineError, match=people.MODEL_VARIABLE):
        people.weights()


def test_a_local_folder_comes_first_and_has_to_be_whole(source, tmp_path, monkeypatch):
    folder, asked = source
    monkeypatch.setenv(people.MODEL_VARIABLE, str(folder))
    assert people.weights() == folder
    monkeypatch.setenv(people.MODEL_VARIABLE, str(tmp_path))
    with pytest.raises(EngineError, match=r"no encoder_model\.ort, tokenizer\.bin"):
        people.weights()
    assert asked == []


def test_the_choice_is_one_of_three(monkeypatch):
    monkeypatch.setenv(people.CHOICE_VARIABLE, "dog")
    with pytest.raises(EngineError, match="auto, people or closed"):
        people.choice()


def test_a_session_changes_its_ears_when_a_person_speaks(monkeypatch):
    monkeypatch.setattr(people, "weights", lambda: Path())
    command = [sys.executable, "-c", FAKE]

    async def hear(installed: bool) -> list[str]:
        ears = WorkerEars(command, decoders=1, people=people.PeopleEars(command))
        monkeypatch.setattr(ears.people, "installed", lambda: installed)
        hearing = await ears.open()
        texts = []
        await hearing.feed(bytes(2 * LISTENING_RATE))
        for _ in range(2):
            await hearing.begin(0.0)
            texts.append((await hearing.end()).text)
            await hearing.hear_a_person()
        hearing.close()
        ears.close()
        return texts

    assert asyncio.run(hear(installed=True)) == ["Closed", "Call me at 9:30"]
    assert asyncio.run(hear(installed=False)) == ["Closed", "Closed"]


def test_a_persons_conversation_is_known_by_its_id_while_it_lasts():
    class Held:
        _conversation_id = None

    held = Held()
    end = live.microphone_of(held)
    assert not live.is_live("conv_1")
    held._conversation_id = "conv_1"
    assert live.is_live("conv_1")
    end()
    end()
    assert not live.is_live("conv_1")


def test_the_vocabulary_has_lengths_of_one_byte_or_two():
    long = b"x" * 300
    data = b"\x00\x02ab" + bytes([128 + 300 % 128, 300 // 128]) + long
    assert moonshine.tokens(data) == [b"", b"ab", long]


@pytest.mark.extended
def test_a_person_is_understood_off_topic():
    """The recording and the weights are those of the maker's wheel, moonshine-voice 0.0.73."""
    package = importlib.util.find_spec("moonshine_voice")
    if not people.PeopleEars.installed() or package is None:
        pytest.skip("no onnxruntime and moonshine-voice 0.0.73 here")
    folder = Path((package.submodule_search_locations or [""])[0]) / "assets"
    with wave.open(str(folder / "beckett.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32)
        sound = soxr.resample(samples, file.getframerate(), LISTENING_RATE)

    async def hear() -> str:
        ears = people.PeopleEars()
        await ears.open()
        heard = await ears.hear(np.rint(sound).astype("<i2").tobytes())
        ears.close()
        return heard.text

    text = asyncio.run(hear()).lower()
    words = {"ever", "tried", "failed", "no", "matter", "try", "again", "fail", "better"}
    assert len(words & set(re.findall("[a-z]+", text))) >= len(words) - 1
