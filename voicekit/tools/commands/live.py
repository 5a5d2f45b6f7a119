"""Compare the vendors, with your keys, with the stand-in: says what it costs, and asks first."""

from __future__ import annotations

import argparse
import sys
from types import SimpleNamespace


def main(argv: list[str]) -> int:
    """Run every contract. Returns 0 when all held, 1 when one did not or something is left."""
    parser = argparse.ArgumentParser(prog="python3 -m voicekit live", description=__doc__)
    parser.add_argument("--yes", action="store_true", help="do not ask before it costs something")
    parser.add_argument("--only", action="append", metavar="CONTRACT", help="may be given again")
    parser.add_argument("--list", action="store_true", help="list the contracts, and run none")
    parser.add_argument("--verbose", action="store_true", help="also show fields that are new")
    options = parser.parse_args(argv)
    from voicekit.standin import Standin  # late: `--help` works before anything is installed
    from voicekit.timeline.costs import announce
    from voicekit.tools.live import HELD, Row, address, compare, contracts
    from voicekit.world import connect

    everything = [contract["name"] for contract in contracts(("elevenlabs", "openai"))]
    if options.list:
        print("\n".join(everything))
        return 0
    if unknown := set(options.only or ()) - set(everything):
        print(f"There is no contract {min(unknown)!r}. See --list.", file=sys.stderr)
        return 2
    world = connect("instant", offline=None)
    vendors = [name for name, live in world.live.items() if live]
    if not vendors:
        print("No key was found: set ELEVENLABS_API_KEY, OPENAI_API_KEY or both.", file=sys.stderr)
        return 2
    print(world)
    chosen = contracts(vendors, options.only)
    cost = {
        name: sum(contract.get(name, 0) for contract in chosen)
        for name in ("characters", "minutes", "requests")
    }
    announce(SimpleNamespace(live=world.live), **cost)
    if not options.yes and not _agreed():
        print("Nothing was sent.")
        return 2
    addresses = {
        "elevenlabs": (world.elevenlabs_url, world.elevenlabs_key),
        "openai": (world.openai_url, world.openai_key),
    }

    def show(row: Row) -> None:
        lines = [f"{row.verdict:8} {row.contract}", *(f"{'':9}{words}" for words in row.details)]
        if options.verbose:
            lines += [f"{'':9}new: {words}" for words in row.besides]
        print("\n".join(lines), flush=True)

    standin = Standin("instant")
    try:
        rows, left = compare(
            [address(vendor, *addresses[vendor]) for vendor in vendors],
            [
                address("elevenlabs", standin.elevenlabs_url, standin.elevenlabs_key),
                address("openai", standin.openai_url, standin.openai_key),
            ],
            options.only,
            progress=show,
        )
    finally:
        standin.stop()
    held = sum(row.verdict == HELD for row in rows)
    print(f"{held} of {len(rows)} contracts held.")
    for path in left:
        print(f"Left in your account: {path}", file=sys.stderr)
    return 0 if held == len(rows) and not left else 1


def _agreed() -> bool:
    if not sys.stdin.isatty():
        print("It costs money: say --yes where nobody can be asked.", file=sys.stderr)
        return False
    return input("Go on? [y/N] ").strip().lower() in ("y", "yes")
