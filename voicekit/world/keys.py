"""Where an API key is looked for, and a holder that does not show it.

The names are the vendors' own, `ELEVENLABS_API_KEY` and `OPENAI_API_KEY`. A key belongs neither
in a cell nor in an output: a notebook is a file, and files are shared.
"""

from __future__ import annotations

import getpass
import hmac
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from voicekit.arguments import check_type
from voicekit.errors import KeyMissingError

PLACES = "the environment, a .env file, Colab's secrets and the keyring (service 'voicekit')"
_SHOWN = 4  # last characters that are shown …
_SHOWN_FROM = 16  # … of a value at least this long: enough to tell two keys apart, no more


class Secret:
    """A key that prints, formats and compares without being shown.

    Args:
        value: the key itself, given back by `reveal()` only.
        source: where it was found, in words.

    Raises:
        TypeError: the value is no text.
    """

    __slots__ = ("_reveal", "source")

    def __init__(self, value: str, source: str = "the argument") -> None:
        check_type("value", value, str, "Pass the key as text.")
        # In a closure, so that no attribute's repr holds the value.
        self._reveal: Callable[[], str] = lambda: value
        self.source = source

    @classmethod
    def of(cls, given: str | Secret) -> Secret:
        """A key that may be one already: put it in the place of the plain one at once.

        A traceback that shows local variables shows a plain one.
        """
        return given if isinstance(given, Secret) else cls(given)

    @property
    def fits_a_header(self) -> bool:
        """Whether an HTTP header can carry it: printable ASCII without a space."""
        return all("!" <= character <= "~" for character in self._reveal())

    def reveal(self) -> str:
        """The key itself. Hand it to a client, not to an output or a variable."""
        return self._reveal()

    def __str__(self) -> str:
        long = len(self._reveal()) >= _SHOWN_FROM
        return f"set (…{self._reveal()[-_SHOWN:]})" if long else "set"

    def __repr__(self) -> str:
        return f"<Secret {self}>"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            other = Secret(other)
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._bytes(), other._bytes())

    def _bytes(self) -> bytes:
        return self._reveal().encode("utf-8", "surrogatepass")

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("A Secret is not written to files; call reveal() where the key is needed.")


def find_key(name: str, given: str | Secret | None = None, prompt: bool = False) -> Secret | None:
    """Find a key: argument, environment, `.env`, Colab, keyring, then, if asked to, the person.

    A blank value counts as none; white space around a value is dropped.

    Args:
        name: the environment variable, such as `ELEVENLABS_API_KEY`.
        given: a key that the caller already has.
        prompt: whether to ask at the keyboard last, where there is one.

    Returns:
        The key, or None when there is none anywhere.

    Raises:
        KeyMissingError: what was found cannot be a key. The message does not contain it.
    """
    given = None if given is None else Secret.of(given)
    for key in _candidates(name, given, prompt):
        if not key.fits_a_header:
            raise KeyMissingError(
                f"{name} from {key.source} has characters that no HTTP header can carry (a space, "
                "a line break, an accent or a typographic quote). Copy the key once more."
            )
        return key
    return None


def _candidates(name: str, given: Secret | None, prompt: bool) -> Iterator[Secret]:
    """Keys without blanks, each place looked at only when the ones before had none."""
    if given is not None:
        yield from _stripped(given.reveal(), given.source)
    yield from _stripped(os.environ.get(name), "the environment")
    for path in _dotenv_files(Path.cwd()):
        yield from _stripped(_dotenv(path).get(name), ".env")
    yield from _stripped(_colab(name), "Colab's secrets")
    yield from _stripped(_keyring(name), "the keyring")
    if prompt:
        yield from _stripped(_ask(name), "the prompt")


def _stripped(value: str | None, source: str) -> list[Secret]:
    """The key without white space around it; none if nothing is left."""
    return [Secret(value.strip(), source)] if value and value.strip() else []


def _dotenv_files(start: Path) -> list[Path]:
    """`.env` here and above, up to the project's root or home; outside of both, only here."""
    above: list[Path] = []
    for folder in (start, *start.parents):
        above.append(folder / ".env")
        # `os.path`, since a Path complains of a folder above that this user may not look into.
        if folder == _home() or os.path.exists(folder / ".git"):  # noqa: PTH110
            return above
    return above[:1]


def _home() -> Path | None:
    """The user's home; None for one who has none, as in a container started with a bare id."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def _dotenv(path: Path) -> dict[str, str]:
    """`NAME=value` lines, with `export`, quotes and comments as a shell has them."""
    try:
        lines = path.read_text("utf-8-sig", errors="replace").splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or name.startswith("#"):
            continue
        value = value.strip()
        if value[:1] in ("'", '"') and value.find(value[0], 1) > 0:
            value = value[1 : value.index(value[0], 1)]
        else:
            value = f" {value}".partition(" #")[0]
        found[name.strip()] = value
    return found


def _colab(name: str) -> str | None:
    if "google.colab" not in sys.modules:  # Colab's kernel has it loaded; nobody else has it
        return None
    try:
        return str(importlib.import_module("google.colab.userdata").get(name))
    except Exception:  # not shared with this notebook, or not there: its own types, not importable
        return None


def _keyring(name: str) -> str | None:
    try:
        found = importlib.import_module("keyring").get_password("voicekit", name)
        return None if found is None else str(found)
    except Exception:  # not installed, or no unlocked store here: each backend has its own errors
        return None


def _ask(name: str) -> str | None:
    """Ask without echo; None where nobody can answer (nbval, nbclient, a pipe)."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if getattr(shell, "kernel", None) is None and not sys.stdin.isatty():
        return None
    try:
        return getpass.getpass(f"{name} (blank: use the offline stand-in): ")
    except (NotImplementedError, EOFError):  # the kernel's front end takes no input
        return None
