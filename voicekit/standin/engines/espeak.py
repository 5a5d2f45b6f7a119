"""espeak-ng in a process of its own: a program, not a module to import.

It reads requests from standard input, one JSON object a line: `{"text", "voice", "rate"}`, where
`voice` is the name of a file in `voices` and `rate` is in words a minute. It answers on standard
output with one JSON line and then as many bytes of PCM as that line's `bytes` says. It ends with
its input, so it never outlives its parent.

espeak-ng keeps its state in globals, may abort when misused, and is GPL-3; a process around it
answers all three. The program imports nothing but the standard library and `espeakng_loader`,
so that it is up in a few tens of milliseconds.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

LIBRARY_VARIABLE = "VOICEKIT_ESPEAK_LIBRARY"
MISSING = (
    'The offline voice needs espeak-ng: pip install "voicekit[offline]". Or install the system\'s '
    f"espeak-ng, or set {LIBRARY_VARIABLE} to the path of its shared library."
)
SYSTEM_NAMES = {"win32": "libespeak-ng.dll", "darwin": "libespeak-ng.1.dylib"}

# From speak_lib.h, espeak-ng 1.52.
SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS; mode 1 looks synchronous and truncates the audio
PHONEME_EVENTS, DONT_EXIT = 1 << 0, 1 << 15  # without the latter a bad data path calls exit(1)
END, WORD, PHONEME = 0, 1, 7
UTF8, END_PAUSE = 1, 0x1000
RATE, VOLUME = 1, 2
LOUDNESS = 75  # at 100 the high voices often run into the limit, at 75 a rare click does
BUFFER_MS = 500
PUNCTUATION, CLOSING = tuple(".,;:!?…"), " \t\r\n\"')]\u2019\u201d"
VOICES = Path(__file__).resolve().with_name("voices")
DATA_VARIABLE = "ESPEAK_DATA_PATH"  # espeak-ng's own
LONGEST_DATA = 140  # bytes of the data folder's name: espeak-ng keeps it in a buffer of 160


class Refused(Exception):
    """What was asked for cannot be done; the message says why and what to do."""


class _Identity(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    """`espeak_EVENT`: something that happens at a sample of the speech."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identity),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """One loaded copy of espeak-ng; its callers take turns.

    Raises:
        Refused: there is no espeak-ng here, or it did not start.
    """

    def __init__(self) -> None:
        self._library, data = _load()
        self._links: tempfile.TemporaryDirectory[str] | None = None
        folder = self._settle(Path(data).resolve() if data else None)
        self.rate = self._library.espeak_Initialize(
            SYNCHRONOUS, BUFFER_MS, folder, PHONEME_EVENTS | DONT_EXIT
        )
        if self.rate <= 0:
            raise Refused(f"espeak-ng found no data in {data or 'its usual place'}. {MISSING}")
        self._voice: str | None = None
        self._pcm = bytearray()
        self._words: list[list[int]] = []
        self._last_char = 0
        self._callback = _Callback(self._collect)  # espeak-ng holds no reference: we must
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: str, rate: int) -> tuple[bytes, list[list[int]]]:
        """Speak `text`; return PCM and the words as [character, first sample, last sample]."""
        self._choose(voice)
        self._library.espeak_SetParameter(RATE, rate, 0)
        self._library.espeak_SetParameter(VOLUME, LOUDNESS, 0)
        self._pcm.clear()
        self._words.clear()
        self._last_char = -1
        # A control character would end the string (NUL) or start an embedded command (0x01).
        plain = "".join(" " if c < " " and c not in "\t\r\n" else c for c in text)
        data = plain.encode("utf-8", "replace") + b"\0"
        # Pause only after punctuation: a fragment may end in the middle of a sentence.
        pause = END_PAUSE if plain.rstrip(CLOSING).endswith(PUNCTUATION) else 0
        error = self._library.espeak_Synth(data, len(data), 0, 0, 0, UTF8 | pause, None, None)
        if error:
            raise Refused(f"espeak-ng refused the text with error {error}.")
        if self._words and self._words[-1][2] < 0:
            self._words[-1][2] = len(self._pcm) // 2
        return bytes(self._pcm), self._words

    def _choose(self, voice: str) -> None:
        if voice != self._voice:
            # By file, since by name an unknown voice silently leaves the one before.
            self._voice = None
            if self._library.espeak_ng_SetVoiceByFile(f"{VOICES.name}/{voice}".encode()):
                raise Refused(f"espeak-ng cannot read the voice file {VOICES / voice}.")
            self._voice = voice

    def _collect(self, samples: int | None, count: int, events: ctypes._Pointer[_Event]) -> int:
        """Take a buffer of speech from espeak-ng; 0 asks it to go on."""
        if samples and count:
            self._pcm += ctypes.string_at(samples, count * 2)
        index = 0
        while (event := events[index]).type != END:
            if event.type == WORD:
                self._begin(event.text_position - 1, event.length, event.sample)
            elif event.type == PHONEME and self._words:
                silence = event.id.string.startswith(b"_")
                word = self._words[-1]
                if not silence:
                    word[2] = -1
                elif word[2] < 0:
                    word[2] = event.sample
            index += 1
        return 0

    def _begin(self, char: int, length: int, sample: int) -> None:
        """Open a word; a number's further words lie inside its first and belong to it."""
        if char <= self._last_char:
            return
        if self._words and self._words[-1][2] < 0:
            self._words[-1][2] = sample
        self._words.append([char, sample, -1])
        self._last_char = char + max(length, 1) - 1

    def _settle(self, data: Path | None) -> bytes | None:
        """Work in a folder where the voices and the data have short names; give the data's.

        espeak-ng takes 59 bytes for a voice file, lower-case and without a `+`, and 159 for its
        data, which it goes on opening at each change of voice. From the voices' parent both names
        are short wherever the package lies, unless the data is installed far from it.
        """
        os.chdir(VOICES.parent)
        if data is None:
            return None
        names = [str(data)]
        with contextlib.suppress(ValueError):  # Windows, on another drive
            names.append(os.path.relpath(data, VOICES.parent))
        name = min(map(os.fsencode, names), key=len)
        if len(name) <= LONGEST_DATA:
            return name
        try:
            self._links = tempfile.TemporaryDirectory(prefix="vk")
        except OSError as error:
            raise Refused(
                f"espeak-ng cannot take {len(name)} bytes of a path, and no link to {data} can be "
                f"made. Set TMPDIR to a folder that can be written. ({error})"
            ) from error
        atexit.register(os.chdir, VOICES.parent)  # Windows keeps a folder that is worked in
        os.chdir(self._links.name)
        for link, folder in ((VOICES.name, VOICES), ("data", data)):
            try:
                Path(link).symlink_to(folder)
            except OSError:  # Windows, without the right to make links
                shutil.copytree(folder, link)
        return b"data"


def _load() -> tuple[ctypes.CDLL, str | None]:
    """Load espeak-ng; return it and its data folder, None when the library knows its own."""
    data = os.environ.get(DATA_VARIABLE)
    if not (library := os.environ.get(LIBRARY_VARIABLE)):
        try:
            import espeakng_loader
        except ImportError:
            library = SYSTEM_NAMES.get(sys.platform, "libespeak-ng.so.1")
        else:
            library, data = espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
    try:
        return ctypes.CDLL(library), data
    except OSError as error:
        raise Refused(f"{MISSING} ({error})") from error


def main() -> None:
    """Serve requests until the input ends."""
    # The library prints on descriptor 1: keep that for us and point it at standard error.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    engine: Espeak | None = None
    for line in sys.stdin.buffer:
        request = json.loads(line)
        pcm = b""
        try:
            engine = engine or Espeak()
            pcm, words = engine.say(**request)
            answer = {"bytes": len(pcm), "rate": engine.rate, "words": words}
        except Refused as refusal:
            answer = {"bytes": 0, "error": str(refusal)}
        answers.write(json.dumps(answer).encode() + b"\n" + pcm)
        answers.flush()


if __name__ == "__main__":
    main()
