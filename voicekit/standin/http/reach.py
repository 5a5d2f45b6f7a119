"""Where the stand-in's own requests may go: public addresses, and loopback under its plain names.

An agent's language model, a webhook and a web page to read are fetched from this machine, so their
addresses could lead into networks that only this machine sees. Whoever may store an address may
name loopback, as lessons do; other private addresses the user allows by name. The address that was
judged is the one that is called: a name that means something else a moment later gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import urllib.request
from collections.abc import Iterable

import httpx

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_CARRYING = [  # IPv6 networks that carry an IPv4 address in their last 32 bits
    ipaddress.IPv6Network(network) for network in ("::/96", "::ffff:0:0/96", "64:ff9b::/96")
]


class OutOfReach(Exception):
    """An address that is not called; the message says what to do."""


class Reach:
    """What may be called.

    Args:
        allowed: hosts, as addresses write them, that may be called although they are not public.
        loopback: whether loopback may be called by its plain names; not where other machines may
            store addresses, to whom it means another loopback.
    """

    def __init__(self, allowed: Iterable[str] = (), *, loopback: bool = True) -> None:
        self._loopback = loopback
        self._allowed = frozenset(host.strip().strip("[]").lower() for host in allowed)

    def pin(self, request: httpx.Request, *, loopback: bool = True, proxied: bool = False) -> None:
        """Have a request go to the address that was judged here.

        Args:
            request: changed in place; its `Host` and its certificate's name stay.
            loopback: whether loopback may be called by its plain names.
            proxied: whether a proxy looks the name up, where we cannot.

        Raises:
            OutOfReach: it may not be called.
            OSError: there is no such host.
        """
        host = request.url.host.lower()
        if host in self._allowed or (loopback and self._loopback and host in LOOPBACK):
            return
        if proxied and not _is_address(host):
            return
        addresses = _addresses(host, request.url.port)
        if not addresses or not all(map(is_public, addresses)):
            raise OutOfReach(
                f"{host} is not a public address. Allow it by name: "
                f"Standin(allow_addresses=[{host!r}]) or --allow-address."
            )
        request.url = request.url.copy_with(host=addresses[0])
        if not _is_address(host):
            request.extensions = {**request.extensions, "sni_hostname": host}

    async def pin_soon(self, request: httpx.Request, *, proxied: bool = False) -> None:
        """`pin`, while the loop goes on."""
        if self._loopback and request.url.host in LOOPBACK:  # nothing is looked up
            self.pin(request)
        else:
            await asyncio.to_thread(self.pin, request, proxied=proxied)


def is_public(address: str) -> bool:
    """Whether an address is one of the whole internet, also if it carries another within."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.sixtofour or (ip.teredo and ip.teredo[1])
        if any(ip in network for network in _CARRYING):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def has_proxy(url: httpx.URL) -> bool:
    """Whether the environment names a proxy for an address."""
    proxies = urllib.request.getproxies()
    named = url.scheme in proxies or "all" in proxies
    return named and not urllib.request.proxy_bypass(url.host)


def _addresses(host: str, port: int | None) -> list[str]:
    """What a host means at this moment, IPv4 first: not every machine has a way for the other."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ordered = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return [str(entry[4][0]) for entry in ordered]


def _is_address(host: str) -> bool:
    """Whether a host is a number in any spelling, such as 127.1 or 2130706433."""
    try:
        socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except OSError:
        return False
    return True
