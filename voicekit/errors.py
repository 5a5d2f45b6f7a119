"""Every error that voicekit raises on purpose. Each says what to do next.

VoicekitError
├── AudioError        bytes that are not the audio they were said to be
├── EngineError       the offline voice is missing, or its process died
├── KeyMissingError   a live endpoint was asked for and no key was found
├── ServingError      a local server could not start
└── SetupError        `.venv` could not be made, or a command misses the checkout
"""

from __future__ import annotations


class VoicekitError(Exception):
    """The root: catch this to catch all of voicekit's own errors."""


class AudioError(VoicekitError):
    """Bytes that are not the audio they were said to be."""


class EngineError(VoicekitError):
    """The offline speech engine is missing, refused its input, or died."""


class KeyMissingError(VoicekitError):
    """A live endpoint was asked for and no key was found."""


class ServingError(VoicekitError):
    """A local server could not start."""


class SetupError(VoicekitError):
    """`.venv` could not be made, or a command misses the checkout it works on."""
