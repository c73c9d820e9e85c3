"""Hosts: which of them are this machine."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Returns whether a host is a loopback address or the literal name `localhost`.

    No other name is looked up: what it means may change between two look-ups.
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
