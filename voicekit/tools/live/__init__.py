"""Compare the vendors with the stand-in, contract by contract, field by field.

    contracts.toml ─ what the lessons rest on, as steps      steps ─ run them at one address
    shapes ─ messages, order, fields, types                  this ─ both sides, and the verdict

No key was used while the stand-in was made: this is how its first user with one learns whether
the vendors still keep to what it does.
"""

from __future__ import annotations

import secrets
import signal
import threading
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from voicekit.tools.live.shapes import Shape, differences
from voicekit.tools.live.steps import Address, RefusedError, Run
from voicekit.world.keys import Secret

HELD, DRIFTED, REFUSED = "held", "drifted", "refused"
_VALUES = {
    "voice": "21m00Tcm4TlvDq8ikWAM",
    "tts": "eleven_flash_v2_5",
    "llm": "gpt-6-luna",
}


@dataclass(frozen=True)
class Row:
    """One contract's verdict: what drifted, or who refused what; `besides` harms nobody."""

    contract: str
    verdict: str
    details: list[str] = field(default_factory=list)
    besides: list[str] = field(default_factory=list)


@cache
def table() -> dict[str, Any]:
    """The contracts, read from `contracts.toml`."""
    text = resources.files("voicekit.tools.live").joinpath("contracts.toml").read_text("utf-8")
    return tomllib.loads(text)


def contracts(vendors: Sequence[str], names: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The contracts with these vendors; only those named, if names are given."""
    return [
        contract
        for contract in table()["contract"]
        if contract["vendor"] in vendors and (names is None or contract["name"] in names)
    ]


def compare(
    live: Sequence[Address],
    standin: Sequence[Address],
    names: Sequence[str] | None = None,
    *,
    patience: float = 30.0,
    progress: Callable[[Row], None] = lambda _: None,
) -> tuple[list[Row], list[str]]:
    """Run each contract on both sides; delete what was made, also after an error or Ctrl-C.

    Args:
        live: the vendors' addresses, with keys.
        standin: the stand-in's.
        names: the contracts to run; None is all.
        patience: seconds that one answer may take.
        progress: called with each row as it is known.

    Returns:
        A row for each contract, and what could not be deleted.
    """
    rows: list[Row] = []
    with _side(live, patience) as (ours, left), _side(standin, patience) as (theirs, _):
        for contract in contracts([address.vendor for address in live], names):
            rows.append(_row(contract, ours, theirs))
            progress(rows[-1])
    return rows, left


def _row(contract: dict[str, Any], live: Run, standin: Run) -> Row:
    wanted = list(standin.steps(contract))
    came: list[Shape] = []
    refusal = ""
    try:
        came += live.steps(contract)
    except RefusedError as error:
        refusal = _masked(str(error), live)
    drifts, besides = [], []
    for step, ours, theirs in zip(contract["step"], wanted, came, strict=False):
        optional = [*contract.get("optional", ()), *step.get("optional", ())]
        new, more = differences(ours, theirs, optional)
        drifts += new
        besides += more
    # Refused behind a drift is what follows from it: an id that was not found, say.
    verdict = DRIFTED if drifts else REFUSED if refusal else HELD
    return Row(contract["name"], verdict, [*drifts, *([refusal] if refusal else [])], besides)


@contextmanager
def _side(addresses: Sequence[Address], patience: float) -> Iterator[tuple[Run, list[str]]]:
    """A run, and afterwards what of it is left; nothing interrupts the tidying up."""
    values = {**_VALUES, "run": f"voicekit_live_{secrets.token_hex(4)}"}
    by_vendor = {address.vendor: address for address in addresses}
    left: list[str] = []
    with Run(by_vendor, dict(values), patience) as run:
        try:
            yield run, left
        finally:
            with _uninterrupted():
                if "elevenlabs" in by_vendor:
                    left += _tidy(run)


def _tidy(run: Run) -> list[str]:
    problems = {path: run.delete(path) for path in reversed(run.made)}
    problems |= {path: run.delete(path) for path in run.left(table()["sweep"])}
    return [_masked(why, run) for why in problems.values() if why]


@contextmanager
def _uninterrupted() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _masked(text: str, run: Run) -> str:
    for address in run.addresses.values():
        text = text.replace(address.key.reveal(), "***")
    return text


def address(vendor: str, url: str, key: Secret | str) -> Address:
    """Where a vendor is; the key is hidden at once."""
    return Address(vendor, url.rstrip("/"), Secret.of(key))
