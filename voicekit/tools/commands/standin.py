"""Serve the offline stand-in to any program: prints what to set, then READY."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from types import FrameType


def main(argv: list[str]) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python3 -m voicekit standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--profile", default="advertised", help="how fast the vendors are")
    for option, what in (
        ("origin", "a web page that may call it"),
        ("host", "a name by which a proxy calls it"),
        ("address", "a private host that its agents may call"),
    ):
        parser.add_argument(
            f"--allow-{option}",
            action="append",
            default=[],
            metavar=option.upper(),
            help=f"{what}; may be given again",
        )
    parser.add_argument(
        "--listen",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="another address of this machine opens it to other machines; 0.0.0.0 is all of them, "
        "with --allow-host for the name by which they call",
    )
    options = parser.parse_args(argv)
    # Late: `--help` works before anything is installed.
    from voicekit.errors import ServingError
    from voicekit.standin import Standin

    try:
        standin = Standin(
            options.profile,
            options.port,
            allow_origins=options.allow_origin,
            allow_hosts=options.allow_host,
            allow_addresses=options.allow_address,
            listen=options.listen,
            keys_apart=True,
        )
    except (ServingError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    print(f"ELEVENLABS_BASE_URL={standin.elevenlabs_url}")
    print(f"OPENAI_BASE_URL={standin.openai_url}")
    print(f"OPENAI_API_KEY={standin.openai_key}")
    print(f"ELEVENLABS_API_KEY={standin.elevenlabs_key}")
    print(f"SSL_CERT_FILE={standin.ca_bundle}")
    print(f"VOICEKIT_STANDIN={standin.url}")
    print(f"VOICEKIT_STANDIN_TOKEN={standin.control_token}")
    print("READY", flush=True)
    while not stop.wait(1.0):  # a bounded wait lets signals through on every system
        pass
    standin.stop()
    return 0
