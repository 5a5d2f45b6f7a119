"""Requests that the agent makes: their headers, and their place in the journal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from voicekit.standin.agents.config import CustomLlm
from voicekit.standin.agents.secrets import Vault
from voicekit.standin.conversation.ending import CLIENT, Ended
from voicekit.standin.http.journal import Journal


def headers(custom: CustomLlm, vault: Vault, variables: dict[str, Any]) -> dict[str, str]:
    """The headers of a custom language model's requests: its key, and what its agent adds.

    Raises:
        Ended: 1008, a secret or a variable is not known.
    """
    key = {"Authorization": custom.api_key} if custom.api_key else {}
    locators = {**key, **custom.request_headers}
    for name, locator in locators.items():
        if _value(locator, vault, variables) is None:
            where = f"request_headers.{name}" if name in custom.request_headers else "api_key"
            said = f"custom_llm.{where} names a secret or variable that is not known."
            raise Ended(CLIENT, said, "value_error")
    return {
        name: f"{'Bearer ' if locator is custom.api_key else ''}{_value(locator, vault, variables)}"
        for name, locator in locators.items()
    }


def _value(locator: str | dict[str, Any], vault: Vault, variables: dict[str, Any]) -> object | None:
    if isinstance(locator, dict) and "variable_name" in locator:
        return variables.get(str(locator["variable_name"]))
    return vault.value(locator)


def note(journal: Journal, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """A new entry of the journal for a request of ours; `problem` is added if it fails."""
    parts = urlsplit(url)
    scope = {
        "method": "POST",
        "path": f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}",
        "query_string": parts.query.encode(),
        "headers": [(b"user-agent", b"voicekit stand-in agent")],
    }
    entry = journal.open(scope)
    entry["messages"] = len(body.get("messages") or body["input"])
    return entry
