"""A page as the widgets' Python side sees it: what it says, and what it is told."""

from __future__ import annotations

from typing import Any

from waiting import until

from voicekit.widgets.link import Link


class Page:
    """Speaks the browser's end of the protocol without a browser."""

    def __init__(self, widget: Link, cid: str = "page-1") -> None:
        self.widget, self.cid = widget, cid
        self.heard: list[tuple[dict[str, Any], list[bytes] | None]] = []
        inner = widget.send

        def send(content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
            if content["cid"] == cid:
                self.heard.append((content, buffers))
            inner(content, buffers)

        widget.send = send

    def say(self, k: str, *buffers: bytes, **content: Any) -> None:
        self.widget._handle_custom_msg({"k": k, "cid": self.cid, **content}, list(buffers))

    def hello(self, k: str = "hello") -> bool:
        """Greet; whether the kernel lends the device."""
        self.say(k, secure=True, microphone=True)
        return self.told("ack")[-1]["lease"]

    def told(self, k: str) -> list[dict[str, Any]]:
        return [content for content, _ in self.heard if content["k"] == k]

    def blocks(self) -> list[bytes]:
        return [buffers[0] for content, buffers in self.heard if content["k"] == "pcm" and buffers]

    def until(self, k: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until the page was told `k` so often."""
        until(lambda: len(self.told(k)) >= count, f"being told {k!r} {count} times")
        return self.told(k)
