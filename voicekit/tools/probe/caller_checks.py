"""Whether callers are kept apart: strangers, two at once, slow ones, those who hang up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from voicekit.tools.probe.exchange import Exchange
from voicekit.tools.probe.found import Found, failed
from voicekit.tools.probe.platform import Platform, table
from voicekit.world.keys import Secret

_SLOW = 1.0  # seconds for which a slow reader is slow
_TELLING = 0.2  # seconds of an answer that must be left to tell whether another waited for it


def secret(platform: Platform) -> Found:
    """Is a caller without the secret, or with another one, turned away?"""
    if platform.secret is None:
        return Found.of("open", platform.plain)
    body = platform.body(table()["short"])
    others = {"none": None, "a wrong one": Secret(f"not-{platform.secret.reveal()[::-1]}")}
    if len(platform.secret.reveal()) > 1:
        others["all but its last letter"] = Secret(platform.secret.reveal()[:-1])
    asked = None
    for name, other in others.items():
        asked = platform.ask(body, secret=other, bare=other is None)
        if asked.ok:
            return Found.of("let_in", asked, which=name)
        if asked.status not in (401, 403):
            status = asked.status or asked.fault
            return Found.of("other_status", asked, which=name, status=status)
    return Found.of("ok", asked, tried=", ".join(others))


def same_again(platform: Platform) -> Found:
    """Is a request that is sent twice answered twice? The platform repeats what failed."""
    body = platform.body(table()["short"])
    for _ in range(2):
        asked = platform.ask(body)
        if not asked.answered:
            return failed(asked)
    return Found.of("ok", asked)


def two_callers(platform: Platform) -> Found:
    """Does the second caller's first token come before the first caller's answer is over?"""
    return _twice(_two_callers, platform)


def _two_callers(platform: Platform) -> Found:
    speaking = threading.Event()
    body = platform.body(table()["long"])
    made: list[Exchange] = []

    def watch(exchange: Exchange) -> bool:
        if exchange.pieces:
            speaking.set()
        return False

    def call() -> None:
        made.append(platform.ask(body, watch=watch))
        speaking.set()  # also when nothing came

    first_caller = threading.Thread(target=call, daemon=True)
    first_caller.start()
    speaking.wait()
    second = platform.ask(body)
    first_caller.join()
    first = made[0]
    for asked in (first, second):
        if not asked.answered:
            return failed(asked)
    rest = first.end - (first.pieces[0][0] if first.pieces else 0.0)
    waited = second.first or 0.0
    figures = {"alone": platform.usual, "waited": waited, "rest": rest}
    if rest < _TELLING:
        return Found.of("too_quick", second, **figures)
    if waited > 0.8 * rest and platform.much_later(waited):
        return Found.of("waits", second, **figures)
    return Found.of("ok", second, **figures)


def slow_reader(platform: Platform) -> Found:
    """Does a caller that reads slowly get the whole answer, and the next one an answer?"""
    slow = platform.ask(platform.body(table()["long"]), slow=_SLOW)
    if not slow.answered:
        return failed(slow)
    usual = platform.plain.kind if platform.plain else ""
    if slow.kind and slow.kind != usual:
        return Found.of("cut", slow, why=slow.fault)
    after = platform.say(table()["short"])
    return Found.of("ok", slow, taken=slow.end) if after.answered else failed(after)


def hang_up(platform: Platform) -> Found:
    """After a caller hung up in the middle, is the next one answered as fast as ever?"""
    return _twice(_hang_up, platform)


def _hang_up(platform: Platform) -> Found:
    body = platform.body(table()["long"])
    cut = platform.ask(body, watch=lambda exchange: bool(exchange.pieces))
    if not cut.pieces:
        return failed(cut)
    after = [platform.say(table()["short"]) for _ in range(2)]  # a server may die a little later
    for asked in after:
        if not asked.answered:
            return Found.of("dead", asked, why=asked.fault or f"status {asked.status}")
    first = after[0].first or 0.0
    figures = {"alone": platform.usual, "first": first}
    return Found.of("waits" if platform.much_later(first) else "ok", after[0], **figures)


def _twice(check: Callable[[Platform], Found], platform: Platform) -> Found:
    """Try again what had to wait: once may be chance, such as a busy machine."""
    found = check(platform)
    return check(platform) if found.code == "waits" else found
