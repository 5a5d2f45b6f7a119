"""Secrets that agents use by id. Their values never leave but to the server they are meant for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from voicekit.standin.refusals import Refusal


@dataclass
class Secret:
    """A value under a name; printing it does not show the value."""

    secret_id: str
    name: str
    value: str = field(repr=False)


class Vault:
    """All secrets.

    Args:
        next_id: makes the next id of a kind.
    """

    def __init__(self, next_id: Callable[[str], str]) -> None:
        self._next_id = next_id
        self._secrets: dict[str, Secret] = {}

    def put(self, name: str, value: str, secret_id: str | None = None) -> Secret:
        """Keep a value, under a new id or in place of an old one's."""
        secret = Secret(secret_id or self._next_id("secret"), name, value)
        self._secrets[secret.secret_id] = secret
        return secret

    def get(self, secret_id: str) -> Secret:
        """The secret of this id.

        Raises:
            Refusal: 404, there is none.
        """
        if secret_id not in self._secrets:
            said = f"There is no secret {secret_id!r}."
            raise Refusal("elevenlabs", "secret_not_found", said)
        return self._secrets[secret_id]

    def value(self, locator: object) -> str | None:
        """What `{"secret_id": …}` stands for; plain text stands for itself; None if unknown."""
        if isinstance(locator, str):
            return locator
        secret_id = locator.get("secret_id") if isinstance(locator, dict) else None
        found = self._secrets.get(secret_id) if isinstance(secret_id, str) else None
        return found.value if found else None

    def delete(self, secret_id: str) -> None:
        """Forget a secret.

        Raises:
            Refusal: 404, there is none.
        """
        del self._secrets[self.get(secret_id).secret_id]

    def all(self) -> list[Secret]:
        """Every secret, the oldest first."""
        return list(self._secrets.values())
