"""Meaning of a plain scalar by YAML 1.2, with what many files write beyond its core schema."""

import re
from collections.abc import Callable, Mapping

OLD_BOOLEANS = {"on", "off", "yes", "no", "y", "n"}  # booleans in YAML 1.1, words in 1.2
_FIRST = frozenset("-+0123456789.~nNtTfF<=")
_KINDS = re.compile(
    r"""(?:
    (?P<bool>true|True|TRUE|false|False|FALSE)
    |(?P<float>[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
        |[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+
        |[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?
        |[-+]?\.(?:inf|Inf|INF)
        |\.(?:nan|NaN|NAN))
    |(?P<int>[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+)
    |(?P<merge><<)
    |(?P<null>~|null|Null|NULL)
    |(?P<timestamp>[0-9]{4}-[0-9]{2}-[0-9]{2}
        |[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?
         (?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?
         (?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?)
    |(?P<value>=)
    )$""",
    re.VERBOSE,
)
_TRUE, _FALSE = {"true", "on", "yes", "y"}, {"false", "off", "no", "n"}
_BOOLEANS = dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
_BASES = {"0b": 2, "0o": 8, "0x": 16}


def kind_of(text: str) -> str:
    """Returns the last part of the tag that a plain scalar has without being tagged."""
    if not text:
        return "null"
    found = _KINDS.match(text) if text[0] in _FIRST else None
    return (found.lastgroup or "str") if found else "str"


def scalar_of(kind: str, text: str) -> object:
    """Returns the value of a scalar. Raises `ValueError` or `LookupError` for a text without one.

    Times stay text, and so do whole numbers that others write with `_` or `:`.
    """
    return _VALUES[kind](text)


def _int(text: str) -> int | str:
    if ":" in text or "_" in text:
        return text
    sign, digits = _signed(text)
    base = _BASES.get(digits[:2])
    return sign * (int(digits[2:], base) if base else int(digits))


def _float(text: str) -> float:
    sign, digits = _signed(text.replace("_", "").lower())
    return sign * float({".inf": "inf", ".nan": "nan"}.get(digits, digits))


def _signed(text: str) -> tuple[int, str]:
    sign = -1 if text[0] == "-" else 1
    return sign, text[1:] if text[0] in "+-" else text


_VALUES: Mapping[str, Callable[[str], object]] = {
    "str": str,
    "timestamp": str,
    "value": str,
    "null": lambda _: None,
    "bool": lambda text: _BOOLEANS[text.lower()],
    "int": _int,
    "float": _float,
}
