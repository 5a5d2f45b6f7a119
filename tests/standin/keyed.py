"""A stand-in that keeps keys apart, called with one key and then another."""

from __future__ import annotations

from typing import Any

import httpx
from waiting import HANG

from voicekit.standin import Standin
from voicekit.standin.state import State


class Room:
    """Plain HTTP with whichever key, until the block ends."""

    def __init__(self, **options: Any) -> None:
        self.standin = Standin("instant", keys_apart=True, **options)
        self.tenants = self.standin._tenants
        self.client = httpx.Client(base_url=self.standin.url, trust_env=False, timeout=HANG)

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.standin.stop()

    @staticmethod
    def key(key: str) -> dict[str, str]:
        return {"xi-api-key": key}

    def get(self, path: str, key: str) -> httpx.Response:
        return self.client.get(path, headers=self._headers(path, key))

    def post(self, path: str, key: str, body: Any) -> httpx.Response:
        return self.client.post(path, json=body, headers=self._headers(path, key))

    def control(self, method: str, path: str, key: str, body: Any = None) -> Any:
        path = f"/_standin/{path}"
        return self.client.request(method, path, json=body, headers=self.key(key)).json()

    def state(self, key: str) -> State:
        return self.tenants.of(key)

    def _headers(self, path: str, key: str) -> dict[str, str]:
        return {"authorization": f"Bearer {key}"} if path.startswith("/openai") else self.key(key)
