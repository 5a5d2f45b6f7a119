"""The stand-in: ElevenLabs' and OpenAI's wire protocols on loopback, without a key or a network.

Read `app.py` first: it holds the whole route table. What a client hears is a real (robotic) voice,
what it reads comes from a script, and how fast both arrive is the named latency profile's doing.
"""

from __future__ import annotations

from collections.abc import Iterable

from voicekit import serving
from voicekit.standin import app
from voicekit.standin.catalog import profiles
from voicekit.standin.http import tls
from voicekit.standin.http.reach import Reach
from voicekit.standin.state import OFFLINE_KEYS, State
from voicekit.standin.tenants import Tenants

__all__ = ["Standin", "start"]

_running: Standin | None = None


class Standin:
    """A stand-in server of its own, on a free loopback port unless `port` says otherwise.

    Args:
        profile: how fast the simulated vendors are; a name from `data/profiles.toml`.
        port: the port wished for; the same port speaks plain HTTP and TLS.
        allow_origins: web pages that may call it, such as `http://localhost:3000`; no other may.
        allow_hosts: names by which a proxy of yours calls it, such as `hub.example.org`.
        allow_addresses: private hosts that agents may call, such as `192.168.1.5`. Public ones
            they may, and loopback where an agent's own settings name it.
        listen: the IPv4 address to listen at. Any other than 127.0.0.1 lets other machines call;
            then loopback is one of the hosts that agents may call only if it is allowed.
        keys_apart: whether each API key sees only what was made with it; the keys in
            `elevenlabs_key` and `openai_key` stay one. For a stand-in that many use.

    Raises:
        ServingError: the port is taken, or this machine has no such address.
        EngineError: a package of the `offline` extra is missing.
        ValueError: there is no such profile, or an origin or a host is not written like one.
    """

    def __init__(
        self,
        profile: str = "advertised",
        port: int = 0,
        *,
        allow_origins: Iterable[str] = (),
        allow_hosts: Iterable[str] = (),
        allow_addresses: Iterable[str] = (),
        listen: str = serving.LOOPBACK,
        keys_apart: bool = False,
    ) -> None:
        reach = Reach(allow_addresses, loopback=listen == serving.LOOPBACK)
        self.state = State(profiles.load(profile), reach=reach)
        self._tenants = Tenants(self.state, apart=keys_apart)
        self._served = serving.serve(
            app.build(self._tenants),
            name=f"standin-{id(self):x}",
            port=port,
            tls=tls.server_context(),
            allow_origins=allow_origins,
            allow_hosts=allow_hosts,
            address=listen,
        )
        self.url = self._served.url
        self.port = self._served.port
        self.elevenlabs_url = f"{self._served.url}/elevenlabs"
        self.openai_url = f"{self._served.url}/openai/v1"
        self.elevenlabs_key = OFFLINE_KEYS["elevenlabs"]
        self.openai_key = OFFLINE_KEYS["openai"]
        self.control_url = f"{self._served.url}/_standin"
        self.control_token = self.state.control_token
        self.ca_bundle = tls.bundle()

    def __repr__(self) -> str:
        return f"<Standin {self._served.url}, profile {self.profile!r}>"

    @property
    def profile(self) -> str:
        """The name of the latency profile in force."""
        return self.state.profile.name

    @profile.setter
    def profile(self, name: str) -> None:
        self.state.profile = profiles.load(name)

    @property
    def alive(self) -> bool:
        """Whether the server still takes connections."""
        return self._served.alive

    def stop(self) -> None:
        """Close every connection and end the engine's process; calling it twice is safe."""
        for state in self._tenants.all:
            state.leave()
        self._served.stop()
        self.state.close()


def start(profile: str = "advertised", port: int = 0) -> Standin:
    """The process-wide stand-in: started at the first call, switched to `profile` at every call."""
    global _running
    if _running is None or not _running.alive or port not in (0, _running.port):
        if _running is not None:
            _running.stop()
        _running = Standin(profile, port)
    _running.profile = profile
    return _running
