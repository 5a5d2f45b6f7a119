"""Folders that strangers work in, and what says there whether the voice speaks."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import espeakng_loader

from voicekit.standin.engines import espeak

PACKAGE = Path(espeak.__file__).parents[2]
LETTERS = "ein-Ordner/"
TEXT = "Order 17 left on Monday, by post."


def folder_of(length: int, base: Path) -> Path:
    """A new folder below `base` whose path has `length` bytes."""
    room = length - len(os.fsencode(base)) - 1
    assert room > 0, f"{base} is itself longer than {length} bytes"
    name = (LETTERS * (room // len(LETTERS) + 1))[:room].rstrip("/")
    folder = base / name.ljust(room, "x")
    folder.mkdir(parents=True)
    assert len(os.fsencode(folder)) == length
    return folder


def engine_in(folder: Path) -> Path:
    """Copy the voice's program and its voices to where a clone in `folder` has them."""
    engines = folder / "voicekit" / "standin" / "engines"
    shutil.copytree(espeak.VOICES, engines / "voices")
    return Path(shutil.copy(espeak.__file__, engines))


def data_in(folder: Path, module: Path) -> None:
    """Copy what English needs of espeak-ng's data, and make a package in `module` that names it."""
    source, data = Path(espeakng_loader.get_data_path()), folder / "espeak-ng-data"
    data.mkdir(parents=True)
    for name in ("phondata", "phonindex", "phontab", "intonations", "en_dict"):
        shutil.copy(source / name, data)
    shutil.copytree(source / "lang" / "gmw", data / "lang" / "gmw")
    module.mkdir(exist_ok=True)
    (module / "espeakng_loader.py").write_text(
        f"def get_library_path(): return {espeakng_loader.get_library_path()!r}\n"
        f"def get_data_path(): return {str(data)!r}\n",
        "utf-8",
    )


def spoken(program: Path, **environment: str) -> dict[str, str]:
    """What each voice says, as a digest of its sound; or the engine's complaint."""
    voices = sorted(path.name for path in espeak.VOICES.iterdir())
    requests = [{"text": TEXT, "voice": voice, "rate": 175} for voice in [*voices, voices[0]]]
    done = subprocess.run(
        [sys.executable, "-P", program],
        input="".join(json.dumps(request) + "\n" for request in requests).encode(),
        capture_output=True,
        cwd="/",
        env=os.environ | environment,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-300:]
    answers, rest = {}, done.stdout
    for request in requests:
        line, _, rest = rest.partition(b"\n")
        answer = json.loads(line)
        pcm, rest = rest[: answer["bytes"]], rest[answer["bytes"] :]
        answers[request["voice"]] = answer.get("error") or hashlib.sha256(pcm).hexdigest()[:12]
    return answers
