"""Who may ask, how much, and how many at once: decided before a byte of the body is read."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from voicekit.world.keys import Secret

_BODY_PATIENCE = 10.0  # seconds for the whole body
_RETRY_AFTER = "1"
_JSON = re.compile(r"application/([a-z0-9.+-]+\+)?json *(;.*)?", re.I)


class Anyone(Enum):
    """What stands in a secret's place when none is asked for."""

    ANYONE = "anyone"

    def __repr__(self) -> str:
        return "ANYONE"


ANYONE = Anyone.ANYONE
"""`webhook(answer, secret=ANYONE)`: whoever finds the address may ask, and spend your money."""


class Refused(Exception):
    """A request that is not answered, with the status and the words for it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def response(self, extra: Mapping[str, str] | None = None) -> Response:
        """The refusal, as OpenAI's API has it, with `extra` headers."""
        error = {
            "message": str(self),
            "type": "server_error" if self.status >= 500 else "invalid_request_error",
            "param": None,
            "code": self.code,
        }
        headers = {401: {"www-authenticate": "Bearer"}, 429: {"retry-after": _RETRY_AFTER}}
        return Response(
            json.dumps({"error": error}),
            self.status,
            # What is left of the body is not read: the connection cannot be used again.
            {**headers.get(self.status, {}), **(extra or {}), "connection": "close"},
            "application/json",
        )


class Guard:
    """The limits of one webhook.

    Args:
        secrets: the bearer secrets that are accepted, several while one is being replaced; none
            accepts everybody.
        hint: what to add for whoever shows another one.
        largest: bytes of a body.
        streams: answers under way at once for each secret.
    """

    def __init__(
        self, secrets: Sequence[Secret], largest: int, streams: int, hint: str = ""
    ) -> None:
        self._digests = [_digest(secret) for secret in secrets]
        self._hint = hint
        self._largest = largest
        self._streams = streams
        self._busy: Counter[int] = Counter()

    @property
    def asks(self) -> bool:
        """Whether a secret is wanted."""
        return bool(self._digests)

    @property
    def streams(self) -> int:
        """Answers under way."""
        return self._busy.total()

    def admit(self, request: Request) -> int:
        """Which secret the request shows.

        Raises:
            Refused: none of them (401).
        """
        if not self._digests:
            return 0
        digest = _shown(request)
        # Digests are of one length, and all of them are compared: time tells nothing.
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        if not any(matches):
            raise Refused(
                401,
                "invalid_secret",
                f"The Authorization header must be 'Bearer' and this webhook's secret.{self._hint}",
            )
        return matches.index(True)

    def check_type(self, request: Request) -> None:
        """See that the request says it is JSON: a web page may send other types to anybody.

        Raises:
            Refused: it says something else (415).
        """
        types = request.headers.getlist("content-type")
        if len(types) != 1 or not _JSON.fullmatch(types[0].strip()):
            raise Refused(
                415, "unsupported_media_type", "Send the header 'Content-Type: application/json'."
            )

    def enter(self, who: int) -> None:
        """Take a place; `leave` gives it back.

        Raises:
            Refused: all are taken (429).
        """
        if self._busy[who] >= self._streams:
            raise Refused(
                429, "too_many_streams", f"{self._streams} answers are under way; try again."
            )
        self._busy[who] += 1

    def leave(self, who: int) -> None:
        """Give a place back."""
        self._busy[who] -= 1

    async def read(self, request: Request) -> bytes:
        """The body.

        Raises:
            Refused: it is too large (413), or does not come (408).
            ClientDisconnect: the client has left.
        """
        length = request.headers.get("content-length", "")
        if length.isdigit() and int(length) > self._largest:
            raise self._too_large()
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_PATIENCE):
                more = True
                while more:
                    message = await request.receive()
                    if message["type"] == "http.disconnect":
                        raise ClientDisconnect
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > self._largest:
                        raise self._too_large()
        except TimeoutError:
            raise Refused(408, "body_timeout", "The request's body did not come.") from None
        return bytes(body)

    def _too_large(self) -> Refused:
        return Refused(413, "body_too_large", f"The body is larger than {self._largest} bytes.")


def _shown(request: Request) -> bytes:
    """The digest of the bearer token; empty without one."""
    header = Secret(request.headers.get("authorization", ""))
    if header.reveal().partition(" ")[0].lower() != "bearer":
        return b""
    return _digest(Secret(header.reveal().partition(" ")[2].strip()), "latin-1")


def _digest(secret: Secret, encoding: str = "utf-8") -> bytes:
    return hashlib.sha256(secret.reveal().encode(encoding)).digest()
