"""Reads `site.yaml` line by line, since the lockout must work without a YAML library."""

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NAME = _LETTERS | frozenset("0123456789-")
_NOT_PLAIN = frozenset("!&*|>%@`\"'{}[],#?-:")  # in YAML, plain text begins with none of them


class Unclear(Exception):
    """The file cannot be read safely without a YAML library."""


def _is_name(text: str) -> bool:
    return text[:1] in _LETTERS and all(letter in _NAME for letter in text)


def plain_equipment(lines: list[str]) -> list[str]:
    """Returns the names in the `equipment` table, each at the beginning of a line."""
    names: list[str] = []
    indent, is_inside = 0, False
    for line in lines:
        bare = line.lstrip(" ")
        if not bare or bare.startswith("#"):
            continue
        if bare == line:
            key, _, rest = line.partition(":")
            is_inside = _unquoted(key) == "equipment" and _without_comment(rest) == ""
            continue
        indent = indent if names else len(line) - len(bare)
        name = _unquoted(bare.partition(":")[0])
        if is_inside and len(line) - len(bare) == indent and _is_name(name):
            names.append(name)
    return names


def _unquoted(text: str) -> str:
    text = text.rstrip(" ")
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if is_quoted else text


def _without_comment(text: str) -> str:
    at = next((n for n, each in enumerate(text) if each == "#" and text[n - 1 : n] in " \t"), None)
    return text[:at].strip(" \t")


def plain_state(lines: list[str]) -> str:
    """Returns the value of `state`, or an empty one. Raises `Unclear` beyond plain keys."""
    found: list[str] = []
    has_begun = False
    for number, line in enumerate(lines, start=1):
        bare = line.strip(" \t")
        if not bare or bare.startswith("#") or (not has_begun and bare == "---" == line):
            continue
        if line[0] in " \t":
            if not has_begun:
                raise Unclear(f"line {number}: its keys are indented")
            continue
        has_begun = True
        key, colon, rest = line.partition(":")
        key = _unquoted(key)
        if not key.isidentifier() or not colon or rest[:1] not in ("", " ", "\t"):
            raise Unclear(f"line {number}: no plain key begins here")
        if key == "state":
            following = next((each for each in lines[number:] if each.strip(" \t")), "")
            if following[:1] in (" ", "\t") and following.strip(" \t")[0] != "#":
                raise Unclear(f"line {number}: state: continues on another line")
            found.append(_scalar(rest.strip(" \t"), number))
    if len(found) > 1:
        raise Unclear("state: is given twice")
    return found[0] if found else ""


def _scalar(text: str, line: int) -> str:
    quote = text[:1] if text[:1] in ("'", '"') else ""
    if quote:
        inner, _, rest = text[1:].partition(quote)
        is_clear = "\\" not in inner and (not rest or rest[0] in " \t")
        is_clear = is_clear and _without_comment(rest) == ""
    else:
        inner = _without_comment(text)
        is_clear = inner[:1] not in _NOT_PLAIN and ": " not in f"{inner} ".replace("\t", " ")
        is_clear = is_clear and "'" not in inner and '"' not in inner
    if not (is_clear and inner and inner.isprintable()):
        raise Unclear(f"line {line}: state: is not a plain path")
    return inner
