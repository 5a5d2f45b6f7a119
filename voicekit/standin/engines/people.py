"""Ears for people: an open-vocabulary recogniser beside the closed one, for a live microphone.

The closed recogniser knows a support desk's sentences and says the same of the same sound on every
machine; a person who says something else it hardly understands. Moonshine tiny-en does, and is the
worse one on robotic voices. So it hears live microphones and nothing else, where it is installed
(`voicekit[people]`) and its weights are: in `VOICEKIT_PEOPLE_MODEL`'s folder, else in the maker's
own package, else in the user's cache, where they come from the maker's server.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import importlib.util
import os
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from voicekit.errors import EngineError
from voicekit.standin.engines import Heard
from voicekit.standin.engines.worker import Attendant, DiedError
from voicekit.standin.script.itn import to_digits

CHOICE_VARIABLE = "VOICEKIT_EARS"
"""`auto`, the usual: people's ears for live microphones. `people`: for every caller. `closed`."""
MODEL_VARIABLE = "VOICEKIT_PEOPLE_MODEL"
SOURCE_VARIABLE = "VOICEKIT_PEOPLE_SOURCE"
SOURCE = "https://download.moonshine.ai/model/tiny-en/quantized/tiny-en"
"""Where the maker's package, moonshine-voice, takes the files from (its download.py, 0.0.73)."""
SHA256 = {
    "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    "decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
}
"""Of the files in the wheel of moonshine-voice 0.0.73: others are refused."""
PAGES = frozenset({"js_sdk", "react_sdk", "widget"})
"""Clients that run in a page, whose only sound is a microphone's."""
PATIENCE = 60.0  # seconds for one utterance
_PIECE = 1 << 20
_fetching = threading.Lock()


def choice() -> str:
    """What `VOICEKIT_EARS` says.

    Raises:
        EngineError: none of the three words.
    """
    chosen = os.environ.get(CHOICE_VARIABLE, "").strip().lower() or "auto"
    if chosen not in ("auto", "people", "closed"):
        raise EngineError(f"{CHOICE_VARIABLE} is auto, people or closed, not {chosen!r}.")
    return chosen


def weights() -> Path:
    """The folder with the model's files; fetched, 44 MB, if this machine does not have them.

    Raises:
        EngineError: the folder that was named lacks a file, the server cannot be reached, or a
            file that came is another one than is known.
    """
    if named := os.environ.get(MODEL_VARIABLE):
        folder = Path(named).expanduser()
        if missing := [name for name in SHA256 if not (folder / name).is_file()]:
            raise EngineError(f"{MODEL_VARIABLE}: there is no {', '.join(missing)} in {folder}.")
        return folder
    package = importlib.util.find_spec("moonshine_voice")
    for place in (package and package.submodule_search_locations) or ():
        folder = Path(place) / "assets" / "tiny-en"
        if all((folder / name).is_file() for name in SHA256):
            return folder
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "voicekit" / "moonshine-tiny-en"
    with _fetching:
        for name in SHA256:
            if not (folder / name).is_file():
                _fetch(name, folder)
    return folder


def _fetch(name: str, folder: Path) -> None:
    """Put one file into `folder`, whole and right or not at all."""
    import httpx

    url = f"{os.environ.get(SOURCE_VARIABLE) or SOURCE}/{name}"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            with httpx.stream("GET", url, follow_redirects=True, timeout=30.0) as response:
                response.raise_for_status()
                for piece in response.iter_bytes(_PIECE):
                    digest.update(piece)
                    file.write(piece)
        except httpx.HTTPError as error:
            Path(file.name).unlink()
            raise EngineError(
                f"{url} cannot be fetched ({error}). Without a network, put {', '.join(SHA256)} "
                f"into a folder and set {MODEL_VARIABLE} to it."
            ) from error
    if digest.hexdigest() != SHA256[name]:
        Path(file.name).unlink()
        raise EngineError(
            f"{url} is not the file that this version knows (its SHA-256 is {digest.hexdigest()}). "
            f"Take the one of moonshine-voice 0.0.73 and set {MODEL_VARIABLE} to its folder."
        )
    Path(file.name).replace(folder / name)


class PeopleEars:
    """Moonshine in a process of its own, started when a person first speaks.

    Args:
        command: the program to ask, for tests.
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        program = str(Path(__file__).with_name("moonshine.py"))
        # -P: nothing in the program's or the user's folder may shadow the standard library.
        self._engine = Attendant(
            list(command or [sys.executable, "-P", program]),
            lambda: {"op": "load", "folder": str(self._folder)},
            closed="These ears were closed; make new ones.",
            patience=PATIENCE,
        )
        self._folder: Path | None = None

    @staticmethod
    def installed() -> bool:
        """Whether this Python has what the `people` extra brings."""
        return importlib.util.find_spec("onnxruntime") is not None

    @property
    def pid(self) -> int | None:
        """The process's id, None before the first utterance."""
        return self._engine.pid

    @property
    def free(self) -> bool:
        """Whether it has nothing to do."""
        return not self._engine.waiting

    async def open(self) -> None:
        """Have the weights here and the process up; the first call may take a while.

        Raises:
            EngineError: the weights or onnxruntime are missing, or the process died.
        """
        if self._folder is None:
            self._folder = await asyncio.to_thread(weights)
        await self.hear(b"")

    async def hear(self, pcm: bytes) -> Heard:
        """Say what PCM16 at `LISTENING_RATE` says. Its words have no times.

        Raises:
            EngineError: see `open`, which must have been called.
        """
        request = {"op": "hear", "pcm": base64.b64encode(pcm).decode("ascii")}
        try:
            answer, _ = await asyncio.wrap_future(self._engine.ask(request))
        except DiedError as ending:
            raise DiedError(f"The people's ears died twice ({ending}).") from ending
        # A final dot is a guess; what is made of an unfinished sentence rests on its last word.
        text = to_digits(str(answer["text"])).rstrip(" .,…")
        return Heard(text, "people" if text else "none", float(answer["confidence"]))

    def close(self) -> None:
        """End the process. Twice is safe."""
        with contextlib.suppress(EngineError):
            self._engine.close()
