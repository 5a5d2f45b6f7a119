"""A stand-in that runs elsewhere, in another process or on the teacher's machine, seen from here.

The control plane is spoken by hand: the client side shares no code with the stand-in, and a kernel
that has none of its own loads none.
"""

from __future__ import annotations

import secrets
from functools import cache
from urllib.parse import urlsplit

from voicekit.errors import ServingError

_TIMEOUT = 10.0  # seconds for an answer that needs no work


class Elsewhere:
    """A stand-in at an address, set to `profile` for this process's key.

    Args:
        address: as the `standin` command prints it, such as `http://127.0.0.1:8123`.
        profile: the simulated latency.

    Attributes:
        ca_bundle: certificates to trust, for `SSL_CERT_FILE`; None on another machine, since
            whoever is between could put an authority of their own into an answer in the clear.

    Raises:
        ServingError: no stand-in answers there.
        ValueError: it is no such address, or there is no such profile.
    """

    def __init__(self, address: str, profile: str) -> None:
        parts = urlsplit(address)
        if parts.scheme != "http" or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError(
                f"{address!r} is no stand-in's address. Give what `python3 -m voicekit standin` "
                "prints as VOICEKIT_STANDIN, such as 'http://127.0.0.1:8123'."
            )
        self.host, self.netloc = parts.hostname, parts.netloc
        base = f"http://{parts.netloc}"
        self.elevenlabs_url = f"{base}/elevenlabs"
        self.openai_url = f"{base}/openai/v1"
        self.elevenlabs_key = self.openai_key = _key()
        self._base = f"{base}/_standin"
        self._ask("PUT", "profile", {"name": profile})
        self.ca_bundle: str | None = None
        if self.host in ("127.0.0.1", "localhost"):
            from voicekit.serving import trusting  # late: it needs starlette

            self.ca_bundle = trusting(self._ask("GET", "authority"))

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> str:
        import httpx

        url, headers = f"{self._base}/{path}", {"xi-api-key": _key()}
        try:
            with httpx.Client(trust_env=False, timeout=_TIMEOUT) as client:
                answer = client.request(method, url, json=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServingError(
                f"No stand-in answers at {self.netloc} ({type(error).__name__}). Start one with "
                "`python3 -m voicekit standin` and use the address that it prints, or leave "
                "standin= and VOICEKIT_STANDIN out to have one in this process."
            ) from error
        if answer.status_code == 400:
            raise ValueError(answer.json()["error"])
        if answer.status_code != 200:
            raise ServingError(
                f"What answers at {self.netloc} is no stand-in that keeps keys apart (HTTP "
                f"{answer.status_code} for /_standin/{path}): {answer.text[:200]}"
            )
        return answer.text


@cache
def _key() -> str:
    """A key that this process alone has: cells that connect again find what they made."""
    return f"room-{secrets.token_hex(16)}"
