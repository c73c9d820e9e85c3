"""Faults of the link: a TCP proxy on loopback that stands between a client and a plant's port."""
