"""The responses that a later request may refer to: whole, or item by item."""

from __future__ import annotations

from typing import Any

from voicekit.standin.http.refusals import Refusal

Item = dict[str, Any]

_MOST = 1000
"""Responses that are kept; the oldest go first."""


class Responses:
    """The responses of one stand-in that a later request may refer to."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Item, list[Item]]] = {}

    def add(self, response: Item, items: list[Item]) -> None:
        """Keep a response, with the items that led to it."""
        self._kept[response["id"]] = (response, [*items, *response["output"]])
        while len(self._kept) > _MOST:
            del self._kept[next(iter(self._kept))]

    def get(self, response_id: str) -> Item:
        """A response.

        Raises:
            Refusal: 404, it is not kept.
        """
        if response_id not in self._kept:
            message = f"Response with id '{response_id[:80]}' not found."
            raise Refusal("openai", "not_found", message)
        return self._kept[response_id][0]

    def until(self, response_id: str) -> list[Item]:
        """All items of a conversation up to a response's end.

        Raises:
            Refusal: 400, the response is not kept.
        """
        if response_id not in self._kept:
            message = f"Previous response with id '{response_id[:80]}' not found."
            name = "previous_response_not_found"
            raise Refusal("openai", name, message, "previous_response_id")
        return self._kept[response_id][1]

    def delete(self, response_id: str) -> None:
        """Forget a response.

        Raises:
            Refusal: 404, it is not kept.
        """
        self.get(response_id)
        del self._kept[response_id]

    def item(self, item_id: str) -> Item | None:
        """The output item with an id; None when it is not kept."""
        items = (item for response, _ in self._kept.values() for item in response["output"])
        return next((item for item in items if item["id"] == item_id), None)
