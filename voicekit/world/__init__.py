"""Live or offline, one vendor at a time: the only line of a lesson that differs.

A key is found: the vendor itself. None is: the stand-in, on loopback and in this process unless
one that runs elsewhere is named. The official SDKs are built here, lazily, so that
`import voicekit` stays quick.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from voicekit.arguments import check_type
from voicekit.errors import KeyMissingError
from voicekit.world.elsewhere import Elsewhere
from voicekit.world.keys import PLACES, Secret, find_key

if TYPE_CHECKING:
    from elevenlabs import AsyncElevenLabs, ElevenLabs
    from openai import AsyncOpenAI, OpenAI

    from voicekit.standin import Standin

_LOOPBACK = ("127.0.0.1", "localhost")
_STANDIN_TIMEOUT = 60.0  # seconds; the SDKs' own are 240 and 600, long for a lesson that waits
_PATIENT = 240.0  # seconds, as the ElevenLabs SDK has it
_NO = ("", "0", "false", "no", "off")
_NO_KEY = "none"  # a local server that needs no key still gets an Authorization header


@dataclass(frozen=True)
class _Vendor:
    """What there is to know about one vendor before connecting."""

    name: str
    url: str
    key_variable: str
    url_variable: str
    key_needed_at_other_urls: bool


_ELEVENLABS = _Vendor(
    "ElevenLabs", "https://api.elevenlabs.io", "ELEVENLABS_API_KEY", "ELEVENLABS_BASE_URL", True
)
_OPENAI = _Vendor(
    # Ollama, vLLM and llama.cpp speak this API and ask for no key.
    "OpenAI",
    "https://api.openai.com/v1",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    False,
)


@dataclass(frozen=True)
class _Endpoint:
    url: str
    key: Secret
    live: bool
    sentence: str

    def options(self) -> dict[str, Any]:
        """The arguments that both vendors' clients take."""
        patience = {} if self.live else {"timeout": _STANDIN_TIMEOUT}
        return {"base_url": self.url, "api_key": self.key.reveal(), **patience}

    @property
    def is_here(self) -> bool:
        """Whether it is a stand-in, or plain HTTP on this machine: no proxy knows the way."""
        parts = urlsplit(self.url)
        local = parts.scheme == "http" and parts.hostname in (*_LOOPBACK, "::1")
        return local or not self.live


class World:
    """Where the two vendors are in this session, and SDK clients pointed there.

    Made by `connect`. `live` tells for each vendor whether it is the real one; the `repr` says it
    in a sentence each.
    """

    def __init__(self, elevenlabs: _Endpoint, openai: _Endpoint, profile: str) -> None:
        self._elevenlabs = elevenlabs
        self._openai = openai
        self.live: Mapping[str, bool] = {"elevenlabs": elevenlabs.live, "openai": openai.live}
        self.profile = None if all(self.live.values()) else profile
        """The latency profile that figures of this session are simulated by; None is live."""
        self.elevenlabs_url = elevenlabs.url
        self.openai_url = openai.url
        self.elevenlabs_key = elevenlabs.key
        self.openai_key = openai.key

    def __repr__(self) -> str:
        return f"{self._elevenlabs.sentence}\n{self._openai.sentence}"

    def elevenlabs(self) -> ElevenLabs:
        """A new official ElevenLabs client."""
        import httpx
        from elevenlabs import ElevenLabs

        direct = None
        if self._elevenlabs.is_here:
            timeout = _PATIENT if self._elevenlabs.live else _STANDIN_TIMEOUT
            # No redirect: httpx takes the key along, whose header it does not know.
            direct = httpx.Client(trust_env=False, follow_redirects=False, timeout=timeout)
        return ElevenLabs(**self._elevenlabs.options(), httpx_client=direct)

    def async_elevenlabs(self) -> AsyncElevenLabs:
        """A new official ElevenLabs client for `await`."""
        import httpx
        from elevenlabs import AsyncElevenLabs

        direct = None
        if self._elevenlabs.is_here:
            timeout = _PATIENT if self._elevenlabs.live else _STANDIN_TIMEOUT
            # No redirect: httpx takes the key along, whose header it does not know.
            direct = httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout)
        return AsyncElevenLabs(**self._elevenlabs.options(), httpx_client=direct)

    def openai(self) -> OpenAI:
        """A new official OpenAI client."""
        from openai import DefaultHttpxClient, OpenAI

        # A client of its own even so: the SDK's would be built with the environment's proxies.
        direct = DefaultHttpxClient(trust_env=False) if self._openai.is_here else None
        return OpenAI(**self._openai.options(), http_client=direct)

    def async_openai(self) -> AsyncOpenAI:
        """A new official OpenAI client for `await`."""
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        direct = DefaultAsyncHttpxClient(trust_env=False) if self._openai.is_here else None
        return AsyncOpenAI(**self._openai.options(), http_client=direct)


def connect(
    profile: str = "advertised",
    *,
    elevenlabs_key: str | Secret | None = None,
    openai_key: str | Secret | None = None,
    offline: bool | None = None,
    prompt: bool = False,
    standin: str | None = None,
) -> World:
    """Choose live or offline for each vendor: live when a key is found, else the stand-in.

    `OPENAI_BASE_URL` (Ollama, vLLM, llama.cpp …) counts as live without a key;
    `ELEVENLABS_BASE_URL` (a data residency) takes the place of the usual address.

    `standin` or `VOICEKIT_STANDIN` names a stand-in that runs elsewhere, for a room whose kernels
    share one: the address that `python3 -m voicekit standin` prints. This process then starts none.
    It makes up a key of its own and sees only what was made with it; its profile is its own too.
    On another machine than this, what is said goes over the network in the clear, clients that
    insist on TLS find none that they trust, and agents cannot call a webhook on this machine's
    loopback.

    When the stand-in is used, `SSL_CERT_FILE` and `NO_PROXY` of this process are extended, so
    that clients which insist on TLS trust it and none asks a proxy for loopback.

    Args:
        profile: the stand-in's simulated latency: `instant`, `advertised` or `independent`.
        elevenlabs_key: a key to use instead of looking for one.
        openai_key: likewise.
        offline: True uses the stand-in whatever keys there are; False insists on both vendors;
            None looks at `VOICEKIT_OFFLINE`, then at the keys.
        prompt: whether to ask for a missing key at the keyboard.
        standin: the address of a stand-in to use in place of one in this process, such as
            `http://127.0.0.1:8123`; None looks at `VOICEKIT_STANDIN`.

    Raises:
        KeyMissingError: `offline=False` and a key is missing, or a key is malformed.
        ServingError: no stand-in answers at the address of `standin`.
        TypeError: `offline` is no truth value, or a key no text.
        ValueError: there is no such profile, or `standin` is no address.
    """
    if offline is not None:
        check_type("offline", offline, bool, "Pass True, False or None.")
    for name, key in (("elevenlabs_key", elevenlabs_key), ("openai_key", openai_key)):
        if key is not None:
            check_type(name, key, (str, Secret), "Pass the key, or leave it out.")
    if standin is not None:
        check_type("standin", standin, str, "Pass its address, such as 'http://127.0.0.1:8123'.")
    # What is in a variable is shown by a traceback that shows variables.
    elevenlabs_key = None if elevenlabs_key is None else Secret.of(elevenlabs_key)
    openai_key = None if openai_key is None else Secret.of(openai_key)
    if offline is None and is_offline():
        offline = True
    speech = None if offline else _live(_ELEVENLABS, elevenlabs_key, prompt)
    chat = None if offline else _live(_OPENAI, openai_key, prompt)
    missing = [v.key_variable for v, e in ((_ELEVENLABS, speech), (_OPENAI, chat)) if e is None]
    if offline is False and missing:
        raise KeyMissingError(
            f"{' and '.join(missing)} not found; looked in {PLACES}. Set it there, or leave out "
            "offline=False to work with the stand-in."
        )
    if speech is None or chat is None:
        standin_speech, standin_chat = _offline(profile, standin)
        speech, chat = speech or standin_speech, chat or standin_chat
    return World(speech, chat, profile)


def is_offline() -> bool:
    """Whether `VOICEKIT_OFFLINE` says to use the stand-in whatever keys there are."""
    return os.environ.get("VOICEKIT_OFFLINE", "").strip().lower() not in _NO


def _live(vendor: _Vendor, given: Secret | None, prompt: bool) -> _Endpoint | None:
    """The vendor itself, or the server that stands in its URL variable; None without a key."""
    key = find_key(vendor.key_variable, given, prompt)
    url = os.environ.get(vendor.url_variable, "").strip() or vendor.url
    if key is None:
        if url == vendor.url or vendor.key_needed_at_other_urls:
            return None
        known_as, key = "no key", Secret(_NO_KEY, "a placeholder")
    else:
        known_as = f"key {key} from {key.source}"
    host = urlsplit(url).netloc.rpartition("@")[2] or "an address without a host"
    return _Endpoint(url, key, True, f"{vendor.name}: live at {host}, {known_as}.")


def _offline(profile: str, address: str | None) -> tuple[_Endpoint, _Endpoint]:
    """Both vendors: at `address`, else in a server on loopback that this process shares."""
    standin: Standin | Elsewhere
    address = (address or os.environ.get("VOICEKIT_STANDIN", "")).strip()
    if address:
        standin = Elsewhere(address, profile)
        world = f"stand-in at {standin.netloc}, profile {profile!r} (simulated latency)."
        _bypass_proxy(standin.host)
    else:
        from voicekit.standin import start

        standin = start(profile=profile)
        world = f"offline stand-in, profile {profile!r} (simulated latency)."
        _bypass_proxy()
    if standin.ca_bundle:
        os.environ["SSL_CERT_FILE"] = str(standin.ca_bundle)
    return (
        _Endpoint(
            standin.elevenlabs_url,
            Secret(standin.elevenlabs_key, "the stand-in"),
            False,
            f"{_ELEVENLABS.name}: {world}",
        ),
        _Endpoint(
            standin.openai_url,
            Secret(standin.openai_key, "the stand-in"),
            False,
            f"{_OPENAI.name}: {world}",
        ),
    )


def _bypass_proxy(*more: str) -> None:
    """Add loopback and `more` to the hosts that no proxy is asked for, beside those there."""
    for variable in ("NO_PROXY", "no_proxy"):  # the lower-case one wins where both are read
        listed = os.environ.get(variable) or os.environ.get("NO_PROXY", "")
        hosts = [host.strip() for host in listed.split(",") if host.strip()]
        if "*" not in hosts:
            ours = dict.fromkeys((*_LOOPBACK, *more))
            os.environ[variable] = ",".join([*hosts, *(h for h in ours if h not in hosts)])
