"""A public address for a server on loopback, by a tunnel that the user picks."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from voicekit.errors import ServingError
from voicekit.serving import Served

_LOOK = 0.2  # seconds between looks at whether the server still runs


def public(served: Served, url: str | None = None) -> Tunnel:
    """Reach a served app from outside, by the tunnel's name, for as long as it is served.

    Args:
        served: what `serve` gave.
        url: the address of a tunnel that you have started yourself (cloudflared, Tailscale
            Funnel, ssh -R, …). None starts one with the `ngrok` package, whose token it takes
            from NGROK_AUTHTOKEN.

    Raises:
        ServingError: the server is stopped, `ngrok` is not installed or refused, or the address
            is none that a platform could call.
    """
    if not served.alive:
        raise ServingError("The server is stopped. Serve the app again first.")
    if url is not None:
        parts = urlsplit(url.strip())
        if parts.scheme != "https" or not parts.hostname:
            raise ServingError(f"A platform calls https addresses only, not {url!r}.")
        return Tunnel(url.strip().rstrip("/"), served, None)
    try:
        ngrok: Any = importlib.import_module("ngrok")
    except ImportError:
        raise ServingError(
            "Install the ngrok package (pip install ngrok) and set NGROK_AUTHTOKEN, or start any "
            f"tunnel to port {served.port} yourself and pass its address: public(served, url)."
        ) from None
    try:
        listener = _aside(ngrok.forward, served.port, authtoken_from_env=True)
    except Exception as error:  # ngrok raises ValueError for everything, also its own refusals
        raise ServingError(
            f"ngrok opened no tunnel ({type(error).__name__}). Check NGROK_AUTHTOKEN."
        ) from error
    return Tunnel(str(listener.url()), served, ngrok)


class Tunnel:
    """A public address: `url`, and `close()`. Made by `public`; ends with its server."""

    def __init__(self, url: str, served: Served, ngrok: Any) -> None:
        self.url = url
        self.open = True
        self._served = served
        self._ngrok = ngrok
        self._host = urlsplit(url).netloc.rpartition("@")[2]
        served.admit(self._host)  # the gate is told what name the callers use
        self._lock = threading.Lock()
        threading.Thread(target=self._follow, name="voicekit-tunnel", daemon=True).start()

    def __repr__(self) -> str:
        return f"<tunnel {self.url} {'open' if self.open else 'closed'}>"

    @property
    def base(self) -> str:
        """What goes into the agent's settings as the custom LLM's server URL."""
        return f"{self.url}/v1"

    def close(self) -> None:
        """Close the tunnel; one that you have started yourself stays. Twice is safe."""
        with self._lock:
            if self.open and self._ngrok is not None:
                _aside(self._ngrok.disconnect, self.url)
            self.open = False
        self._served.dismiss(self._host)

    def _follow(self) -> None:
        while self.open and self._served.alive:
            time.sleep(_LOOK)
        self.close()


def _aside(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call ngrok where no event loop runs: within one, as in a notebook, it would not wait."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *arguments, **options).result()
