"""Every error that voicekit raises on purpose. Each says what to do next.

VoicekitError
├── AudioError        bytes that are not the audio they were said to be
├── EngineError       the offline voice is missing, or its process died
├── KeyMissingError   a live endpoint was asked for and no key was found
├── ServingError      a local server could not start
├── SetupError        `.venv` could not be made, or a command misses the checkout
├── SpeechError       the voice's vendor refused; says why and what to do
│   ├── SpeechDroppedError   the connection to it was lost, and did not come back
│   └── TranscriptionError    speech was not understood to its end; says what was
└── UpstreamError     the language model behind the webhook refused, broke off, or made no sense
"""

from __future__ import annotations

import re
from typing import Self


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
    """The voice's vendor refused, or lost words.

    Args:
        message: what happened and what to do.
        reason: the vendor's own word for why, such as `quota_exceeded`.

    Attributes:
        said: the text that was said to its end before that; empty outside an utterance.
        unsaid: the text that was sent or waited to be, and was not said, or not wholly.
    """

    def __init__(self, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.said = self.unsaid = ""

    def account(self, said: str, unsaid: str) -> Self:
        """Add what was said and what was not; returns itself."""
        self.said, self.unsaid = said, unsaid
        told = f"Said: {_ending(said)}. Not said: {_beginning(unsaid)}."
        self.args = (f"{self.args[0]} {told}",)
        return self

    @property
    def passing(self) -> bool:
        """Whether trying again in a moment may help."""
        return self.reason in _PASSING

    @classmethod
    def of(cls, reason: object, said: object) -> SpeechError:
        """The error for a vendor's reason, with what it said and what to do about it.

        Args:
            reason: its word for why; what is no text is quoted as it is.
            said: its sentence; likewise.
        """
        word, sentence = (str(it)[:300] if it else None for it in (reason, said))
        remedy = _REMEDIES.get(word or "", "See https://elevenlabs.io/docs/errors.")
        return cls(
            f"ElevenLabs refused: {sentence or word or 'it did not say why'} "
            f"({word or 'no reason'}). {remedy}",
            word,
        )


class SpeechDroppedError(SpeechError):
    """The connection was lost and did not come back; what was received stays available."""

    passing = True


class TranscriptionError(SpeechError):
    """Realtime transcription was refused, or broke off.

    Attributes:
        committed: the text that was committed before that, and stays.
        uncommitted: what was understood since, as the last partial text had it.
    """

    committed = uncommitted = ""

    def account(self, said: str, unsaid: str) -> Self:
        """Add what was committed and what was not; returns itself."""
        self.committed, self.uncommitted = said, unsaid
        told = f"Committed: {_ending(said)}. Not committed: {_beginning(unsaid)}."
        self.args = (f"{self.args[0]} {told}",)
        return self


class UpstreamError(VoicekitError):
    """The language model behind a webhook refused, was not there, broke off, or made no sense.

    Args:
        message: what happened and what to do; never what was said, and no key.
        reason: `refused`, `unreachable`, `timeout`, `dropped`, `malformed`, `empty`, or the
            server's code.
        status: the HTTP status of a refusal.
    """

    def __init__(self, message: str, reason: str, status: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status

    @classmethod
    def refused(cls, status: int, said: object) -> UpstreamError:
        """The error for a response that is no answer, with the server's code for it."""
        code = _code(said.get("error") if isinstance(said, dict) else None)
        advice = _ADVICE.get(status, "Ask its operator, or try again later.")
        named = f" ({code})" if code else ""
        return cls(f"The server answered {status}{named}. {advice}", code or "refused", status)

    @classmethod
    def said(cls, error: object) -> UpstreamError:
        """The error for a server that began to answer and then said that it failed."""
        code = _code(error)
        named = f" ({code})" if code else ""
        return cls(f"The server failed within its answer{named}.", code or "refused")


def _code(error: object) -> str | None:
    """A server's word for an error. Its sentences are not used: they may quote a key."""
    if not isinstance(error, dict):
        return None
    for name in ("code", "type"):
        code = error.get(name)
        if isinstance(code, str) and re.fullmatch(r"[a-z][a-z_]{2,60}", code):
            return code
    return None


def _ending(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= _EXCERPT else f"…{text[-_EXCERPT:]}") if text else "nothing"


def _beginning(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…") if text else "nothing"


_EXCERPT = 80
_ADVICE = {
    400: "It may not know the model, or a field of the request.",
    401: "Check the key given to relay(…, key=…).",
    403: "The key may not use this model.",
    404: "Check the address (does it end in /v1?) and the model's name.",
    413: "The history is too long for it.",
    422: "It may not know a field of the request.",
    429: "Too many requests, or the quota is used up.",
}
_PASSING = {
    "HTTP 429",
    "HTTP 500",
    "HTTP 502",
    "HTTP 503",
    "HTTP 504",
    "concurrent_limit_exceeded",
    "input_timeout_exceeded",
    "internal_server_error",
    "queue_overflow",
    "rate_limit_exceeded",
    "rate_limited",
    "resource_exhausted",
    "service_unavailable",
    "system_busy",
    "too_many_concurrent_requests",
    "transcriber_error",
}
_REMEDIES = {
    "auth_error": "Check ELEVENLABS_API_KEY, or use offline=True.",
    "commit_throttled": "Commit after at least 0.3 s of new sound.",
    "concurrent_limit_exceeded": "End another utterance first, or raise the plan's limit.",
    "input_timeout_exceeded": "No text came for too long; start a new utterance.",
    "invalid_api_key": "Check ELEVENLABS_API_KEY, or use offline=True.",
    "missing_api_key": "Set ELEVENLABS_API_KEY, or use offline=True.",
    "model_not_allowed": "This socket serves flash, turbo and multilingual models, not v3 or v4.",
    "queue_overflow": "Send sound no faster than it is spoken.",
    "quota_exceeded": "The plan's characters are used up; wait for its reset or use offline=True.",
    "rate_limit_exceeded": "Wait a moment, then try again.",
    "rate_limited": "Wait a moment, then try again.",
    "resource_exhausted": "Wait a moment, then try again.",
    "session_time_limit_exceeded": "Call listen again for what comes next.",
    "system_busy": "Wait a moment, then try again.",
    "too_many_concurrent_requests": "End another utterance first, or raise the plan's limit.",
    "unaccepted_terms": "Accept the model's terms at elevenlabs.io first.",
    "voice_not_found": 'Give a voice\'s id, not its name: client.voices.search(search="Rachel").',
}
