"""Whether the URL is the one to write into the agent's settings."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from voicekit.tools.probe.exchange import Exchange
from voicekit.tools.probe.found import Found, failed, said
from voicekit.tools.probe.platform import Platform, shown, table

_NOT_HERE = (404, 405)


def path(platform: Platform) -> Found:
    """Does an answer come from where the platform calls? If not, from where does one?"""
    asked = _ask(platform)
    if _good(asked):
        platform.plain = asked
        return Found.of(
            "ok",
            asked,
            called=shown(platform.target),
            paste=shown(platform.pasted(platform.target)),
        )
    if asked.status in (401, 403):
        return Found.of("secret_refused" if platform.secret else "secret_wanted", asked)
    if asked.status is not None and 300 <= asked.status < 400:
        return _redirected(platform, asked)
    if asked.status in _NOT_HERE or (asked.ok and asked.foreign):
        return _missing(platform, asked)
    if asked.status is None:
        return Found.of(asked.kind, asked, why=asked.fault)
    return failed(asked)


def _redirected(platform: Platform, asked: Exchange) -> Found:
    """Follow by hand, and only to the same place: another one has no business with the secret."""
    here, there = platform.target, urljoin(platform.target, asked.header("location"))
    found = Found.of("redirected", asked, status=asked.status, to=shown(there))
    if urlsplit(here)[:2] != urlsplit(there)[:2]:
        return found
    platform.target = there
    followed = _ask(platform)
    if _good(followed):
        platform.plain = followed
    else:
        platform.target = here
    return found


def _missing(platform: Platform, asked: Exchange) -> Found:
    """Look for the endpoint around where it should be."""
    called = platform.target
    for other in platform.elsewhere():
        platform.target = other
        tried = _ask(platform)
        if _good(tried):
            platform.plain = tried
            paste = platform.pasted(other)
            code = "elsewhere" if paste != other else "not_appended"
            return Found.of(
                code, asked, status=asked.status, called=shown(called), found=shown(other),
                paste=shown(paste),
            )  # fmt: skip
    platform.target = called
    if asked.ok:
        return Found.of("web_page", asked, called=shown(called), what=asked.foreign)
    return Found.of("missing", asked, status=asked.status, called=shown(called), said=said(asked))


def _ask(platform: Platform) -> Exchange:
    return platform.say(table()["long"])


def _good(exchange: Exchange) -> bool:
    return exchange.answered and not exchange.foreign
