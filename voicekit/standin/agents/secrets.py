"""Secrets that agents use by id. Their values never leave but to the server they are meant for."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from voicekit.standin.agents.register import Register


@dataclass
class Secret:
    """A value under a name; nothing that prints it shows the value."""

    secret_id: str
    name: str
    value: SecretStr


class Vault(Register[Secret]):
    """All secrets."""

    kind = "secret"

    def put(self, name: str, value: str | SecretStr, secret_id: str | None = None) -> Secret:
        """Keep a value, under a new id or in place of an old one's."""
        value = value if isinstance(value, SecretStr) else SecretStr(value)
        secret = Secret(secret_id or self._next_id("secret"), name, value)
        self._kept[secret.secret_id] = secret
        return secret

    def value(self, locator: object) -> str | None:
        """What `{"secret_id": …}` stands for; plain text stands for itself; None if unknown."""
        if isinstance(locator, str):
            return locator
        secret_id = locator.get("secret_id") if isinstance(locator, dict) else None
        found = self._kept.get(secret_id) if isinstance(secret_id, str) else None
        return found.value.get_secret_value() if found else None
