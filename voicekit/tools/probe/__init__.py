"""Play the platform towards any custom LLM endpoint, and say what it would make of it.

    platform ─ what is asked, and how long is waited     exchange ─ one request, timed
    stream ─ a response read as events, strictly         found ─ a finding, its words are data
    path_check, stream_checks, turn_checks, caller_checks ─ one function a check
    report ─ the table

It needs nothing of the endpoint but its URL: none of voicekit need be in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from voicekit.arguments import check_choice, check_items, check_type
from voicekit.tools.probe import caller_checks, path_check, stream_checks, turn_checks
from voicekit.tools.probe.found import Found, entry, told
from voicekit.tools.probe.platform import APIS, CHAT_COMPLETIONS, Platform, shown, table
from voicekit.tools.probe.report import Report, Row
from voicekit.world.keys import Secret

__all__ = ["Report", "Row", "probe"]

MODEL = "gpt-6-luna"
Check = Callable[[Platform], Found]

CHECKS: tuple[Check, ...] = (
    path_check.path,
    stream_checks.content_type,
    stream_checks.frames,
    stream_checks.chunks,
    stream_checks.done,
    stream_checks.streams,
    stream_checks.first_token,
    turn_checks.tool_call,
    turn_checks.tool_result,
    turn_checks.extra_fields,
    turn_checks.other_letters,
    turn_checks.long_history,
    turn_checks.odd_turns,
    caller_checks.secret,
    caller_checks.same_again,
    caller_checks.two_callers,
    caller_checks.slow_reader,
    caller_checks.hang_up,  # last: an answer that goes on unheard would slow the others down
)
_OF_FRAMES = (stream_checks.chunks, stream_checks.done)


def probe(
    url: str,
    secret: str | Secret | None = None,
    *,
    api: str = CHAT_COMPLETIONS,
    model: str = MODEL,
    limit: float = 30.0,
    checks: Sequence[str] | None = None,
    progress: Callable[[Row], None] = lambda _: None,
) -> Report:
    """Call an endpoint as ElevenLabs calls a custom LLM, and judge its answers.

    Makes about two dozen small requests, one after the other; an LLM behind the endpoint is asked
    as often. Nothing of ours needs to be in it.

    Args:
        url: as it stands, or will stand, in the agent's settings: `https://my.example/v1`.
        secret: what the agent sends as its API key. Without it nobody can tell whether strangers
            are turned away.
        api: the agent's `custom_llm.api_type`: `chat_completions` or `responses`.
        model: the agent's `model_id`, for endpoints that know their models' names.
        limit: seconds after which no further check is begun; each takes ten at most.
        checks: the names of those to make, such as `["frames", "secret"]`; None makes them all.
            `path` is always made: it finds what the others call.
        progress: called with each row as it is found.

    Raises:
        ValueError: `url` is no address of a web server, `secret` fits into no header, or there is
            no check or API of a name.
    """
    secret = None if secret is None else Secret.of(secret)
    chosen = _chosen(checks)
    check_choice("api", api, APIS)
    platform = Platform(_checked(url), _bearer(secret), model, api)
    end = time.perf_counter() + limit
    rows: list[Row] = []
    for check in chosen:
        now = time.perf_counter()
        platform.deadline = now + table()["patience"]
        found = _reason_to_skip(check, platform, late=now > end) or check(platform)
        if check is path_check.path and platform.plain:
            platform.usual = platform.plain.first or 0.0  # until `first token` finds a warm one
        rows.append(_row(name_of(check), found, platform))
        progress(rows[-1])
    return Report(shown(platform.url), rows)


def name_of(check: Check) -> str:
    """A check's name, as a row and the findings have it."""
    return check.__name__.replace("_", " ")


def _chosen(names: Sequence[str] | None) -> list[Check]:
    known = {name_of(check): check for check in CHECKS}
    if names is not None:
        names = check_items("checks", names, str, 'Pass a list of names, such as ["frames"].')
    if unknown := set(names or ()) - set(known):
        raise ValueError(f"There is no check {min(unknown)!r}. The checks are: {', '.join(known)}.")
    wanted = known if names is None else {*names, name_of(path_check.path)}
    return [check for name, check in known.items() if name in wanted]


def _reason_to_skip(check: Check, platform: Platform, *, late: bool) -> Found | None:
    if check is path_check.path:
        return None
    if platform.plain is None:
        return Found("no_endpoint")
    if check in _OF_FRAMES and not platform.plain.stream.frames:
        return Found("no_frames")
    return Found("no_time") if late else None


def _row(check: str, found: Found, platform: Platform) -> Row:
    words = entry(check, found.code)
    named = {"suffix": platform.suffix, "end": table()["end"][platform.api], **found.figures}
    says, fix = (platform.masked(_line(told(text, named))) for text in (words.says, words.fix))
    shows = found.exchange
    request = _printable(platform.masked(shows.request)) if shows else ""
    response = _printable(platform.masked(shows.response)) if shows else ""
    figures = {
        name: _printable(platform.masked(value)) if isinstance(value, str) else value
        for name, value in found.figures.items()
    }
    return Row(check, words.outcome, says, fix, figures, request, response)


def _line(text: str) -> str:
    """One line, whatever the endpoint's own words hold."""
    return _printable(" ".join(text.split()))


def _printable(text: str) -> str:
    """Text that moves no terminal's cursor: what an endpoint sends is not ours."""
    return "".join(one if one.isprintable() or one in "\n\t" else "�" for one in text)


def _checked(url: str) -> str:
    check_type("url", url, str, "Pass the endpoint's address.")
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no web address. Write it whole: https://my.example/v1")
    if "@" in parts.netloc:
        raise ValueError("The URL has a name or a password in it. Give secret= instead.")
    return parts._replace(fragment="").geturl()


def _bearer(secret: Secret | None) -> Secret | None:
    if secret is None or not secret.reveal().strip():
        return None
    secret = Secret(secret.reveal().strip(), secret.source)
    if not secret.fits_a_header:
        raise ValueError(
            "The secret has characters that no HTTP header can carry (a space, a line break, an "
            "accent or a typographic quote). Copy it once more."
        )
    return secret
