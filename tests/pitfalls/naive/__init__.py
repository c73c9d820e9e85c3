"""Clients as comparable agents write them: what the libraries offer, with their defaults.

No part of Handwheel. `tests/pitfalls` shows of each pitfall that these fall into it.
"""
