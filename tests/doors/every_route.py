"""Every route that the kit serves, read from the route tables: a new one is tried as well."""

from __future__ import annotations

import re

from starlette.routing import BaseRoute, WebSocketRoute

from voicekit.standin.app import ELEVENLABS, OPENAI, STANDIN


def spelled(prefix: str, routes: list[BaseRoute]) -> list[tuple[str, str]]:
    """A method and a path of each; WEBSOCKET is a method here."""
    found = []
    for route in routes:
        path = prefix + re.sub(r"\{[^}]*\}", "agent_standin", route.path)
        methods = ["WEBSOCKET"] if isinstance(route, WebSocketRoute) else sorted(route.methods)
        found += [(method, path) for method in methods]
    return found


STANDIN_ROUTES = [
    *spelled("/elevenlabs", ELEVENLABS),
    *spelled("/openai", OPENAI),
    *spelled("/_standin", STANDIN),
    ("GET", "/_standin"),
    ("GET", "/nowhere"),
]


def of_webhook(app) -> list[tuple[str, str]]:
    """Those of a webhook, FastAPI's own among them."""
    return spelled("", app.routes)
