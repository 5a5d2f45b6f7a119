"""Every error that voicekit raises on purpose. Each says what to do next.

VoicekitError
├── AudioError        bytes that are not the audio they were said to be
├── EngineError       the offline voice is missing, or its process died
├── KeyMissingError   a live endpoint was asked for and no key was found
├── ServingError      a local server could not start
├── SetupError        `.venv` could not be made, or a command misses the checkout
└── SpeechError       the voice's vendor refused; says why and what to do
    └── SpeechDroppedError   the connection to it was lost, and did not come back
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


class SpeechError(VoicekitError):
    """The voice's vendor refused. `reason` is its own word for why, such as `quota_exceeded`."""

    def __init__(self, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def passing(self) -> bool:
        """Whether trying again in a moment may help."""
        return self.reason in _PASSING

    @classmethod
    def of(cls, reason: str | None, said: str | None) -> SpeechError:
        """The error for a vendor's reason, with what it said and what to do about it."""
        remedy = _REMEDIES.get(reason or "", "See https://elevenlabs.io/docs/errors.")
        return cls(
            f"ElevenLabs refused: {said or reason} ({reason or 'no reason'}). {remedy}", reason
        )


class SpeechDroppedError(SpeechError):
    """The connection was lost and did not come back; what was received stays available."""

    passing = True


_PASSING = {
    "concurrent_limit_exceeded",
    "input_timeout_exceeded",
    "internal_server_error",
    "rate_limit_exceeded",
    "service_unavailable",
    "system_busy",
    "too_many_concurrent_requests",
}
_REMEDIES = {
    "concurrent_limit_exceeded": "End another utterance first, or raise the plan's limit.",
    "input_timeout_exceeded": "No text came for too long; start a new utterance.",
    "invalid_api_key": "Check ELEVENLABS_API_KEY, or use offline=True.",
    "missing_api_key": "Set ELEVENLABS_API_KEY, or use offline=True.",
    "model_not_allowed": "This socket serves flash, turbo and multilingual models, not v3 or v4.",
    "quota_exceeded": "The plan's characters are used up; wait for its reset or use offline=True.",
    "rate_limit_exceeded": "Wait a moment, then try again.",
    "system_busy": "Wait a moment, then try again.",
    "too_many_concurrent_requests": "End another utterance first, or raise the plan's limit.",
    "voice_not_found": 'Give a voice\'s id, not its name: client.voices.search(search="Rachel").',
}
