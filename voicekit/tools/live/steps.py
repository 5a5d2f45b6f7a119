"""Run a contract's steps at one vendor's address, and keep the shapes of what came."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from voicekit.tools.live.shapes import Shape
from voicekit.world.keys import Secret

_NAME = re.compile(r"\{([a-z_]+)\}")
_QUOTED = 200  # characters of a vendor's complaint
_CODES = (1000, 1001, 1005)  # of a socket that closes without a complaint


class RefusedError(Exception):
    """A vendor refused a step, or there was no answer; the message has its words."""


@dataclass
class Address:
    """Where a vendor is, and the key for it."""

    vendor: str
    url: str
    key: Secret

    def headers(self) -> dict[str, str]:
        """How this vendor wants to be shown the key."""
        if self.vendor == "openai":
            return {"Authorization": f"Bearer {self.key.reveal()}"}
        return {"xi-api-key": self.key.reveal()}


@dataclass
class Run:
    """One side of the comparison: values so far, and what has to be deleted.

    Args:
        addresses: by vendor.
        values: what `{name}` stands for.
        patience: seconds for an answer.
    """

    addresses: dict[str, Address]
    values: dict[str, Any]
    patience: float = 30.0
    made: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._client = httpx.Client(timeout=self.patience, follow_redirects=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def steps(self, contract: dict[str, Any]) -> Iterator[Shape]:
        """The shape of each step's answer; those of a refused contract so far.

        Raises:
            RefusedError: a step was refused.
        """
        address = self.addresses[contract["vendor"]]
        for step in contract["step"]:
            shape = Shape(step.get("free", ()))
            if "socket" in step:
                self._socket(address, step, shape)
            else:
                self._request(address, step, shape)
            yield shape

    def delete(self, path: str) -> str:
        """Delete what was made; return why it is still there, if it is."""
        address = self.addresses["elevenlabs"]
        try:
            reply = self._client.delete(address.url + path, headers=address.headers())
        except httpx.HTTPError as error:
            return f"{path}: {type(error).__name__}"
        return "" if reply.is_success or reply.status_code == 404 else f"{path}: {_said(reply)}"

    def left(self, sweep: list[dict[str, str]]) -> Iterator[str]:
        """Paths of what bears this run's name and is there all the same."""
        address = self.addresses["elevenlabs"]
        for entry in sweep:
            url = address.url + self._filled(entry["list"])
            try:
                listed = self._client.get(url, headers=address.headers()).json()
            except (httpx.HTTPError, ValueError):
                continue
            items = listed.get(entry["items"]) if isinstance(listed, dict) else None
            for item in items if isinstance(items, list) else ():
                if self._filled(entry["value"]) in str(_at(item, entry["field"])):
                    yield entry["delete"] + str(item[entry["id"]])

    def _request(self, address: Address, step: dict[str, Any], shape: Shape) -> None:
        method = "GET" if "get" in step else "POST"
        url = address.url + self._filled(step.get("get") or step["post"])
        body = self._filled(step["json"]) if "json" in step else None
        headers = {} if step.get("keyless") else address.headers()
        try:
            with self._client.stream(method, url, json=body, headers=headers) as reply:
                data = reply.read()
        except httpx.HTTPError as error:
            raise RefusedError(f"no answer ({type(error).__name__})") from None
        expected = step.get("status", 200)
        if reply.status_code // 100 != expected // 100:
            raise RefusedError(f"{method} {urlsplit(url).path}: {_said(reply)}")
        label = f"{method} {urlsplit(step.get('get') or step['post']).path}"
        kind = reply.headers.get("content-type", "").partition(";")[0]
        shape.add(f"{label}: {reply.status_code}, {kind}", {})
        if kind == "text/event-stream":
            _events(data.decode("utf-8", "replace"), shape)
        elif kind == "application/json":
            value = _json(data.decode("utf-8", "replace"))
            shape.add(label, value)
            self._keep(step, value)
        elif len(data) < 2:
            shape.add("nothing", {})
        if "save_body" in step:
            self.values[step["save_body"]] = base64.b64encode(data).decode()

    def _socket(self, address: Address, step: dict[str, Any], shape: Shape) -> None:
        url = address.url.replace("http", "ws", 1) + self._filled(step["socket"])
        try:
            with connect(
                url,
                additional_headers=address.headers(),
                open_timeout=self.patience,
                max_size=None,
                max_queue=None,
                proxy=None if urlsplit(url).hostname in ("127.0.0.1", "localhost") else True,
            ) as socket:
                for line in step["script"]:
                    if "send" in line:
                        socket.send(json.dumps(self._filled(line["send"])))
                        continue
                    message = self._await(socket, line["await"], shape)
                    if message is None:
                        return
                    self._keep(line, message)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            if code not in _CODES:
                reason = closed.rcvd.reason if closed.rcvd else "no close frame"
                raise RefusedError(f"the socket was closed: {code} {reason}"[:_QUOTED]) from None
        except InvalidStatus as refused:
            body = (refused.response.body or b"").decode("utf-8", "replace")
            raise RefusedError(f"{refused.response.status_code} {body[:_QUOTED]}") from None
        except (OSError, InvalidHandshake) as error:
            raise RefusedError(f"no socket ({type(error).__name__})") from None

    def _await(self, socket: ClientConnection, wanted: str, shape: Shape) -> Any:
        """Read until a message has the label; None when it does not come."""
        deadline = time.monotonic() + self.patience
        while (left := deadline - time.monotonic()) > 0:
            try:
                text = socket.recv(left)
            except TimeoutError:
                break
            message = _json(text) if isinstance(text, str) else None
            label = _label(message)
            if label == "error":
                raise RefusedError(str(message)[:_QUOTED])
            shape.add(label, message)
            if label == wanted:
                return message
        return None

    def _keep(self, step: dict[str, Any], value: Any) -> None:
        """Remember what `save` and `undo` say about an answer."""
        for name, path in step.get("save", {}).items():
            part = _at(value, path)
            if isinstance(part, str):
                self.values[name] = part
        if "undo" in step and all(name in self.values for name in _NAME.findall(step["undo"])):
            self.made.append(self._filled(step["undo"]))

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return _NAME.sub(lambda m: str(self.values.get(m[1], m[0])), value)
        if isinstance(value, dict):
            return {name: self._filled(part) for name, part in value.items()}
        return [self._filled(part) for part in value] if isinstance(value, list) else value


def _events(text: str, shape: Shape) -> None:
    """Server-sent events by their type, chunks by what they bring."""
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line[5:].strip() for line in block.split("\n") if line.startswith("data:")]
        if lines == ["[DONE]"]:
            shape.add("[DONE]", {})
        elif lines:
            event = _json("\n".join(lines))
            shape.add(_label(event), event)


def _label(message: Any) -> str:
    """What a message is called: its type, or the field that makes it one."""
    if not isinstance(message, dict):
        return "no JSON object"
    if isinstance(message.get("choices"), list):
        choice: dict[str, Any] = next(iter(message["choices"]), {})
        if choice.get("finish_reason"):
            return "the chunk that ends it"
        delta = choice.get("delta") or {}
        return next(
            (f"chunk with {name}" for name in ("role", "tool_calls", "content") if name in delta),
            "chunk with usage" if message.get("usage") else "empty chunk",
        )
    for name in ("type", "message_type"):
        if isinstance(message.get(name), str):
            kind = message.get("item", {}).get("type") if name == "type" else None
            return f"{message[name]} {kind}" if kind else str(message[name])
    if message.get("isFinal") or message.get("is_final"):
        return "isFinal"
    return "audio" if message.get("audio") else "error" if "error" in message else "unnamed"


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _said(reply: httpx.Response) -> str:
    return f"{reply.status_code} {' '.join(reply.text.split())[:_QUOTED]}"
