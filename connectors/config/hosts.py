"""Tells which hosts are this machine, and which spellings are one host."""

import re
import socket
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

_THIS_MACHINE = "this machine"
_LOCAL_NAMES = frozenset({"localhost.localdomain", "ip6-localhost", "ip6-loopback"})
_NUMBERS = re.compile(r"[0-9a-fx.]+", re.ASCII)  # 127.1 and 0x7f000001 are addresses, too


def is_loopback(host: str) -> bool:
    """Whether a host is a loopback address or the literal name `localhost`.

    No other name is looked up, because it may change between two look-ups.
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """Whether a host is an IP address in its usual form."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=256)  # a site compares the devices of each two tags
def host_key(host: str) -> str:
    """Returns one text for all spellings of a host, without a look-up.

    All names and addresses of this machine that need no look-up are one. These are more than
    `is_loopback` accepts: in doubt, this function says the same host, and that one says another.
    Two names of another host, or its name and its address, are not recognised as one.
    """
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost") or name in _LOCAL_NAMES:
        return _THIS_MACHINE
    address = _address(name)
    if address is None:
        return name
    is_here = address.is_loopback or address.is_unspecified  # Linux connects 0.0.0.0 to itself
    return _THIS_MACHINE if is_here else str(address)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(name)
    except ValueError:
        if not _NUMBERS.fullmatch(name):
            return None
        try:
            return IPv4Address(socket.inet_aton(name))
        except OSError:
            return None
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return inner or address
