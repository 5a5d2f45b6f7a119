"""The platform's part: its requests, its secret, its patience."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from voicekit.tools.probe.exchange import Exchange, send
from voicekit.world.keys import Secret

Body = dict[str, Any]
CHAT_COMPLETIONS, RESPONSES = APIS = ("chat_completions", "responses")
_CONFUSABLE = 2.0  # times: a wait this much longer than one alone is not chance


@cache
def table() -> Mapping[str, Any]:
    """What the platform sends and waits for, read from `data/platform.toml`."""
    file = resources.files("voicekit.tools.probe").joinpath("data/platform.toml")
    return tomllib.loads(file.read_text("utf-8"))


class Platform:
    """Calls one endpoint as the platform does, and remembers what the checks share.

    Args:
        url: as it stands in the agent's settings.
        secret: the bearer token, if there is one.
        model: the agent's `model_id`.
        api: the agent's `custom_llm.api_type`, one of `APIS`.

    Attributes:
        suffix: what is appended to the agent's URL.
        target: the URL that is called; a check that finds a better one puts it here.
        plain: the first exchange that was answered.
        usual: seconds to the first token when nobody else calls.
        deadline: when the check under way must be over, on `time.perf_counter`.
    """

    def __init__(
        self, url: str, secret: Secret | None, model: str, api: str = CHAT_COMPLETIONS
    ) -> None:
        self.api = api
        self.suffix: str = table()["suffix"][api]
        self.url = url
        self.target = self.appended(url)
        self.secret = secret
        self.model = model
        self.plain: Exchange | None = None
        self.usual = 0.0
        self.deadline = time.perf_counter() + table()["patience"]

    def __repr__(self) -> str:
        return f"<Platform calling {shown(self.target)}>"

    def body(self, *messages: Body | str, **extra: Any) -> Body:
        """A request in which the caller says the strings, after the agent's prompt and opening."""
        told = table()
        start = [_message("system", told["system"]), _message("assistant", told["opening"])]
        turns = [_message("user", turn) if isinstance(turn, str) else turn for turn in messages]
        return {"model": self.model, "messages": [*start, *turns], **told["settings"], **extra}

    def ask(
        self,
        body: Body,
        *,
        secret: Secret | None = None,
        bare: bool = False,
        watch: Callable[[Exchange], bool] = lambda _: False,
        slow: float = 0.0,
    ) -> Exchange:
        """Send one request; `secret` in place of the right one, `bare` without any."""
        key = None if bare else (self.secret if secret is None else secret)
        left = max(0.1, self.deadline - time.perf_counter())
        sent = as_responses(body) if self.api == RESPONSES else body
        data = json.dumps(sent, ensure_ascii=False).encode()
        return send(self.target, data, {}, secret=key, limit=left, watch=watch, slow=slow)

    def say(self, *messages: Body | str, **extra: Any) -> Exchange:
        """Ask in the caller's words."""
        return self.ask(self.body(*messages, **extra))

    def appended(self, url: str) -> str:
        """The URL that the platform calls for an agent whose settings say `url`."""
        end = self.suffix
        return _with_path(url, lambda path: path if path.endswith(end) else path + end)

    def pasted(self, url: str) -> str:
        """The URL to write into the agent's settings so that `url` is called."""
        return _with_path(url, lambda path: path.removesuffix(self.suffix))

    def elsewhere(self) -> list[str]:
        """Other URLs at which the endpoint may be, the likely ones first."""
        url, end = self.url, self.suffix

        def at(change: Callable[[str], str]) -> str:
            return _with_path(url, lambda path: change(path.removesuffix(end)))

        urls = [
            at(lambda path: path + "/v1" + end),
            at(lambda path: path.removesuffix("/v1") + end),
            at(lambda path: path),
            _with_path(url, lambda _: "/v1" + end),
            _with_path(url, lambda _: end),
        ]
        return [other for other in dict.fromkeys(urls) if other != self.appended(url)]

    def much_later(self, seconds: float) -> bool:
        """Whether a wait is longer than what a call alone takes, beyond what chance explains."""
        return seconds > _CONFUSABLE * self.usual + 0.3

    def masked(self, text: str) -> str:
        """Text without the secret, should the endpoint have sent it back."""
        for form in _forms(self.secret):
            text = text.replace(form.reveal(), "***")
        return text


def _forms(secret: Secret | None) -> list[Secret]:
    """How a secret may come back: as it is, within JSON, and without its last letter."""
    if secret is None:
        return []
    forms = [
        secret,
        Secret(json.dumps(secret.reveal())[1:-1]),
        Secret(secret.reveal()[:-1]),
    ]
    return [form for form in forms if len(form.reveal()) > 2]


def _message(role: str, content: str) -> Body:
    return {"role": role, "content": content}


def history(turns: int, pair: Sequence[str]) -> list[Body]:
    """As many turns of caller and agent, each with its number."""
    return [
        _message(role, said.replace("{n}", str(number)))
        for number in range(1, turns + 1)
        for role, said in zip(("user", "assistant"), pair, strict=True)
    ]


def shown(url: str) -> str:
    """A URL to print: what its query holds may be a key."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "…" if parts.query else "", ""))


def as_responses(chat: Body) -> Body:
    """A chat completion request as a request of the Responses API, as the platform may write it."""
    left = {"messages", "max_tokens", "tools", "stream_options"}
    body = {name: value for name, value in chat.items() if name not in left}
    tools = [{"type": "function", **tool["function"]} for tool in chat.get("tools") or ()]
    items: list[Body] = []
    for message in chat["messages"]:
        role, text = message["role"], message["content"]
        if role == "tool":
            call_id = message["tool_call_id"]
            items.append({"type": "function_call_output", "call_id": call_id, "output": text})
        elif text is not None:
            items.append({"type": "message", "role": role, "content": text})
        items += [
            {"type": "function_call", "call_id": call["id"], **call["function"]}
            for call in message.get("tool_calls") or ()
        ]
    limit = {"max_output_tokens": chat["max_tokens"]} if "max_tokens" in chat else {}
    return {**body, "input": items, "store": False, **limit, **({"tools": tools} if tools else {})}


def _with_path(url: str, change: Callable[[str], str]) -> str:
    parts = urlsplit(url)
    path = change(parts.path.rstrip("/"))
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
