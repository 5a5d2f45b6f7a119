"""Play the platform towards a custom LLM endpoint: `probe URL`; a table of what works and fixes."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from typing import TYPE_CHECKING, Any

from voicekit.world.keys import Secret

if TYPE_CHECKING:
    from voicekit.tools.probe import Report, Row

_ASK = "-"


def main(argv: list[str]) -> int:
    """Probe one URL. Returns 0 when no check failed, 1 when one did, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="python3 -m voicekit probe", description=__doc__)
    parser.add_argument("url", help="as in the agent's settings, such as https://my.example/v1")
    parser.add_argument(
        "--secret", type=Secret, help="what the agent sends as its API key; - asks for it"
    )
    parser.add_argument(
        "--api", help="the agent's api_type: chat_completions (the default) or responses"
    )
    parser.add_argument("--model", help="the agent's model id")
    parser.add_argument("--limit", type=float, default=30.0, help="seconds for it all (default 30)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    options = parser.parse_args(argv)
    from voicekit.tools.probe import probe  # late: `--help` works before anything is installed

    secret = _typed() if options.secret == _ASK else options.secret
    named: dict[str, Any] = {"api": options.api, "model": options.model}
    watching = sys.stderr.isatty()
    try:
        report = probe(
            options.url,
            secret,
            **{name: value for name, value in named.items() if value is not None},
            limit=options.limit,
            progress=_progress if watching else lambda _: None,
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if watching:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    print(json.dumps(report.json()) if options.json else _whole(report))
    return 0 if report.ok else 1


def _typed() -> Secret:
    """The secret without its being in the shell's history: asked for, or from a pipe."""
    return Secret(getpass.getpass("Secret: ") if sys.stdin.isatty() else sys.stdin.readline())


def _progress(row: Row) -> None:
    print(f"\r\033[K{row.check}: {row.outcome}", end="", file=sys.stderr, flush=True)


def _whole(report: Report) -> str:
    """The table, what to do, and for each failure the request and the response."""
    from voicekit.tools.probe.found import FAIL

    lines = [str(report)]
    shown: set[str] = set()
    for row in report:
        if row.outcome == FAIL and row.request and row.request + row.response not in shown:
            shown.add(row.request + row.response)
            lines += ["", f"--- {row.check}", row.request, "", *row.response.splitlines()]
    return "\n".join(lines)
