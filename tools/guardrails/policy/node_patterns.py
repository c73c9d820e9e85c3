"""Patterns of OPC UA node ids, for rules that forbid nodes by any tag name."""

import re

from handwheel.connectors.model.site_file import same_node
from handwheel.connectors.model.tags import NodeAddress

_FORM = re.compile(r"(nsu=[^;]+;)?([isgb])=(.+)")
_OPCUA = "http://opcfoundation.org/UA/"
_WILD = {"*": ".*", "?": "."}


def check_pattern(text: str) -> str:
    """Returns a valid pattern of node ids unchanged, or raises `ValueError`."""
    if _FORM.fullmatch(text) is None:
        raise ValueError(
            f"{text!r} is no node id or pattern of one; write nsu=URI;s=NAME, with * and ? "
            "(a namespace index is not accepted, it can change when the server restarts)"
        )
    return text


def names_node(pattern: str, address: NodeAddress) -> bool:
    """Whether a pattern matches a node in any spelling of either.

    Only `*` and `?` are wildcards, since brackets are common in node names. A pattern of an array
    matches its elements.
    """
    return any(
        re.fullmatch(_expression(each), spelling, re.DOTALL) is not None
        for each in (pattern, _tidy(pattern))
        for spelling in (address.node, _full(same_node(address.node)))
    )


def _expression(pattern: str) -> str:
    return "".join(_WILD.get(each) or re.escape(each) for each in pattern)


def _tidy(pattern: str) -> str:
    """Returns a pattern in the canonical spelling of node ids, wildcards unchanged."""
    match = _FORM.fullmatch(pattern)
    if match is None:
        return pattern
    space, kind, rest = match[1] or f"nsu={_OPCUA};", match[2], match[3]
    if kind == "g":
        rest = rest.lower()
    elif kind == "i" and rest.isdecimal():
        rest = str(int(rest))
    return f"{space}{kind}={rest}"


def _full(canonical: str) -> str:
    """Returns the canonical spelling of a node with its namespace URI."""
    uri, _, identifier = canonical.partition(";")
    return f"{uri or f'nsu={_OPCUA}'};{identifier}"
