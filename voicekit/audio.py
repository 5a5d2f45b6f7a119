"""One piece of sound as plain PCM, and a player that a notebook can show.

Everything here is mono, signed 16 bit, little endian: what `pcm_16000`, `pcm_22050` … name, and
what a browser, a recogniser and `wave` all take without a codec.
"""

from __future__ import annotations

import base64
import html
import io
import math
import os
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicekit.arguments import check_items, check_number, check_type
from voicekit.errors import AudioError

_SAMPLE_BYTES = 2
_FULL_SCALE = 32768.0
_MAGIC = {b"ID3": "MP3", b"RIFF": "a WAV file", b"OggS": "Ogg", b"fLaC": "FLAC"}
# Kilobits a second by the header's index, from 1: ISO/IEC 11172-3 and its low-rate extension.
_LONG_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_SHORT_KBPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_DIVISOR = {3: 1, 2: 2, 0: 4}  # MPEG 1, 2 and 2.5 have the same rates, halved and quartered
_REMEDIES = {
    "MP3": "Ask for output_format='pcm_22050' (the default is mp3_44100_128).",
    "a WAV file": "Read the file with Clip.load(path), which takes the header off.",
}


@dataclass(frozen=True)
class Clip:
    """PCM16 mono sound, shown in a notebook as a player with its transcript.

    `VOICEKIT_STORED_SECONDS` bounds what goes into a notebook's outputs; the tests set it, so that
    committed notebooks stay small while a learner hears everything.

    Args:
        pcm: signed 16-bit little-endian samples, one channel.
        rate: samples a second.
        text: the transcript; shown beside the player.

    Raises:
        AudioError: `pcm` ends within a sample, or is a compressed or wrapped format.
        TypeError: `pcm` is no bytes, or the rate is no whole number.
    """

    pcm: bytes = field(repr=False)
    rate: int
    text: str = ""

    def __post_init__(self) -> None:
        check_type("pcm", self.pcm, (bytes, bytearray, memoryview), "Pass PCM16 as bytes.")
        check_number("rate", self.rate, whole=True, remedy="Pass samples a second, such as 22050.")
        check_type("text", self.text, str, "Pass the transcript.")
        if self.rate <= 0:
            raise AudioError(f"A rate of {self.rate} samples a second makes no sound; try 22050.")
        found = sniff_format(self.pcm)
        if found:
            remedy = _REMEDIES.get(found, "Convert them to 16-bit mono PCM first.")
            raise AudioError(f"These bytes look like {found}, not PCM. {remedy}")
        if len(self.pcm) % _SAMPLE_BYTES:
            raise AudioError(
                f"{len(self.pcm)} bytes end within a 16-bit sample. Join all chunks with "
                "Clip.from_chunks; if they are joined, they are not PCM or the stream broke off."
            )

    @classmethod
    def from_chunks(cls, chunks: Iterable[bytes], rate: int, text: str = "") -> Clip:
        """Join chunks as they came; each may end within a sample, the whole may not.

        HTTP knows nothing of samples, so a chunk of odd length is ordinary: its last byte belongs
        to the first sample of the next one.
        """
        pieces = check_items(
            "chunks",
            chunks,
            (bytes, bytearray, memoryview),
            "Pass a list of bytes: [chunk.pcm, …].",
        )
        return cls(b"".join(pieces), rate, text)

    @classmethod
    def load(cls, path: str | Path, text: str = "") -> Clip:
        """Read a 16-bit mono WAV file.

        Raises:
            AudioError: the file is not WAV, or has other channels or widths.
        """
        try:
            with Path(path).open("rb") as file, wave.open(file) as wav:
                shape = wav.getnchannels(), wav.getsampwidth()
                rate, pcm = wav.getframerate(), wav.readframes(wav.getnframes())
        except (wave.Error, EOFError) as error:
            raise AudioError(
                f"{Path(path).name} is not a plain PCM WAV file ({error or 'it ends too early'}). "
                f"Convert it: {_ffmpeg(path)}"
            ) from error
        if shape != (1, _SAMPLE_BYTES):
            raise AudioError(
                f"{Path(path).name} has {shape[0]} channel(s) of {8 * shape[1]} bits; a Clip is "
                f"one channel of 16. Convert it: {_ffmpeg(path)}"
            )
        return cls(pcm, rate, text)

    def save(self, path: str | Path) -> Path:
        """Write a 16-bit mono WAV file and return its path."""
        path = Path(path)
        path.write_bytes(self.wav())
        return path

    def wav(self) -> bytes:
        """The same sound with a 44-byte WAV header before it."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(_SAMPLE_BYTES)
            wav.setframerate(self.rate)
            wav.writeframes(self.pcm)
        return buffer.getvalue()

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        """The samples, shape (n,), int16, read-only and not copied."""
        return np.frombuffer(self.pcm, dtype="<i2")

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self.pcm) / (_SAMPLE_BYTES * self.rate)

    @property
    def level(self) -> float:
        """Root mean square in dB relative to full scale; -inf for silence, -3.0 for a loud sine."""
        power = float(np.square(self.samples, dtype=np.float64).mean()) if self.pcm else 0.0
        return 10 * math.log10(power / _FULL_SCALE**2) if power else -math.inf

    def onset(self, threshold: float = -40.0) -> float | None:
        """Seconds until the first audible sample, or None when there is none.

        Args:
            threshold: dB relative to full scale that one sample must reach; -40 dBFS is 1 % of
                full scale. Raise it for a recording with an audible noise floor.
        """
        loudness = np.abs(self.samples.astype(np.int32))
        audible = np.flatnonzero(loudness >= _FULL_SCALE * 10 ** (threshold / 20))
        return float(audible[0]) / self.rate if audible.size else None

    def head(self, seconds: float) -> Clip:
        """The beginning, so that a notebook stays small; the transcript says when it was cut."""
        if self.seconds <= seconds:
            return self
        pcm = self.pcm[: _SAMPLE_BYTES * int(max(seconds, 0) * self.rate)]
        return Clip(pcm, self.rate, f"{self.text} (first {seconds:g} s)" if self.text else "")

    def __add__(self, other: Clip) -> Clip:
        """This sound, then the other one; both need the same rate."""
        if not isinstance(other, Clip):
            return NotImplemented
        if other.rate != self.rate:
            raise AudioError(
                f"{self.rate} and {other.rate} Hz cannot be joined. Ask for both in one "
                "output_format."
            )
        return Clip(self.pcm + other.pcm, self.rate, f"{self.text} {other.text}".strip())

    def __repr__(self) -> str:
        return f"<Clip {self._facts()}>"

    def _facts(self) -> str:
        level = "silent" if self.level == -math.inf else f"{round(self.level)} dBFS"
        return f"{self.seconds:.2f} s, {self.rate} Hz, {level}"

    def _repr_html_(self) -> str:
        stored = self.head(float(os.environ.get("VOICEKIT_STORED_SECONDS", "inf")))
        # JupyterLab cleans the output of an untrusted notebook: it drops `src` from <source> and
        # every aria attribute, and keeps `src` and `title` on <audio>. The caption stays anyway.
        label = html.escape(stored.text or f"Audio, {self._facts()}")
        # Two dollar amounts would be typeset as a formula; a <span> around the sign prevents it.
        shown = html.escape(stored.text).replace("$", "<span>$</span>")
        caption = f"{shown}<br>" if stored.text else ""
        return (
            f'<figure style="margin: 0"><audio controls preload="metadata" title="{label}" '
            f'aria-label="{label}" src="data:audio/wav;base64,'
            f'{base64.b64encode(stored.wav()).decode()}"></audio>'
            f"<figcaption>{caption}<small>{self._facts()}</small></figcaption></figure>"
        )


def frames(pcm: bytes, rate: int, seconds: float) -> Iterator[bytes]:
    """Cut PCM16 mono into frames of `seconds`; the last is filled up with silence."""
    size = _SAMPLE_BYTES * max(1, round(rate * seconds))
    for start in range(0, len(pcm), size):
        yield pcm[start : start + size].ljust(size, b"\0")


def _ffmpeg(path: str | Path) -> str:
    return f"ffmpeg -i {Path(path).name} -ac 1 -c:a pcm_s16le {Path(path).stem}-mono.wav"


def sniff_format(data: bytes) -> str | None:
    """Name the wrapped or compressed format that `data` begins with; None for raw samples.

    PCM has no header: any even number of bytes is a sound, and an MP3 taken for one is loud noise.
    """
    for magic, name in _MAGIC.items():
        if data.startswith(magic):
            return name
    size = _mp3_frame(data[:4])
    # A soft sample can look like an MP3 sync word; a second one, exactly where the first frame
    # says that the next begins, is no accident.
    if size and (len(data) == size or _mp3_frame(data[size : size + 4])):
        return "MP3"
    return None


def _mp3_frame(header: bytes) -> int:
    """The length in bytes of the MPEG layer III frame with this header, or 0 if it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, bitrate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version not in _DIVISOR or bitrate in (0, 15) or rate == 3:
        return 0
    slots, table = (144, _LONG_KBPS) if version == 3 else (72, _SHORT_KBPS)
    hertz = (44100, 48000, 32000)[rate] // _DIVISOR[version]
    return slots * table[bitrate - 1] * 1000 // hertz + (header[2] >> 1 & 1)
