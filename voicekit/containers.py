"""What bytes are when they are not PCM, as far as their beginning tells.

PCM has no header: any even number of bytes is a sound, and an MP3 taken for one is loud noise.
"""

from __future__ import annotations

_MAGIC = {b"ID3": "MP3", b"RIFF": "a WAV file", b"OggS": "Ogg", b"fLaC": "FLAC"}
# Kilobits a second by the header's index, from 1: ISO/IEC 11172-3 and its low-rate extension.
_LONG_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_SHORT_KBPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_DIVISOR = {3: 1, 2: 2, 0: 4}  # MPEG 1, 2 and 2.5 have the same rates, halved and quartered


def container(data: bytes) -> str | None:
    """Name the wrapped or compressed format that `data` begins with; None for raw samples."""
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
