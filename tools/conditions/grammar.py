"""Grammar of conditions, and messages for text outside it."""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from .errors import ConditionError, error_at

if TYPE_CHECKING:
    from lark import Lark, Token, Tree, UnexpectedInput

MAX_LENGTH = 500
MAX_NESTING = 20
_CACHED = 512  # trees: a playbook is bound once for each role binding, from the same texts

NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
# A unit has neither point nor hyphen, so that `330 kPa..390 kPa` and `5 kPa-PT-102.pv` part;
# its slash is written in hexadecimal, because lark ends a pattern at a slash.
_LETTERS = r"(?:[^\W\d_]|[%‰°])(?:[^\W_]|[%‰°^])*"
UNIT = rf"(?!(?:and|or|not|in)(?![^\W_])){_LETTERS}(?:[\x2f·]{_LETTERS})*"

# The terminal NAME takes every word, so that a mistyped tag is one wrong name, and a word that
# only begins like a keyword is no keyword.
_GRAMMAR = rf"""
start: either
?either: both ("or" both)*
?both: denial ("and" denial)*
?denial: "not" denial -> denied
    | relation
?relation: sum
    | sum (COMPARISON sum)+ -> comparison
    | sum "in" sum ".." sum -> inside
    | sum "not" "in" sum ".." sum -> outside
?sum: product ((PLUS | MINUS) product)*
?product: term ((TIMES | OVER) term)*
?term: "-" term -> negative
    | NUMBER | STRING | TRUE | FALSE | NAME
    | NAME "(" (either ("," either)*)? ")" -> call
    | "(" either ")" -> group

TRUE: "true"
FALSE: "false"
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
COMPARISON: /==|!=|<=|>=|<|>/
NUMBER: /{NUMBER}(?:[ \t\r\n]*{UNIT})?/
STRING: /'(?:[^'\t\r\n]|'')*'/
NAME: /[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_]+)?/
%ignore /[ \t\r\n]+/
"""

_SPACE = re.compile(r"\s+")
_SPACE_UNQUOTED = re.compile(r"('(?:[^']|'')*')|\s+")
_KEYWORDS = {"and", "or", "not", "in", "true", "false"}
_HINTS = {
    "=": "write == to compare",
    "&": "write 'and'",
    "|": "write 'or'",
    "!": "write 'not'",
    '"': "words stand in single quotes",
    "'": "the quote is not closed",
}


@cache
def _parser() -> "Lark":
    from lark import Lark

    return Lark(_GRAMMAR, parser="lalr", lexer="basic", propagate_positions=True)


@lru_cache(maxsize=_CACHED)
def parse_tree(text: str) -> "Tree[Token]":
    """Returns the syntax tree of a condition, with the root `start`, which nobody changes.

    A text that is empty, too long or outside the grammar, or has an invisible character, raises
    `ConditionError`.
    """
    from lark import UnexpectedInput

    if len(text) > MAX_LENGTH:
        raise error_at(text, MAX_LENGTH, f"a condition has at most {MAX_LENGTH} characters")
    for offset, each in enumerate("" if text.isprintable() else text):
        if not each.isprintable() and each not in "\t\r\n":
            reason = f"the character U+{ord(each):04X} cannot be seen, so it cannot stand here"
            raise error_at(text, offset, reason)
    try:
        return _parser().parse(text)
    except UnexpectedInput as error:
        raise _explain(text, error) from None


def _explain(text: str, error: "UnexpectedInput") -> ConditionError:
    from lark import UnexpectedToken

    if not isinstance(error, UnexpectedToken):
        offset = error.pos_in_stream or 0
        character = text[offset]
        return error_at(text, offset, _HINTS.get(character, f"{character!r} cannot stand here"))
    token = cast("Token", error.token)
    if token.type == "$END":
        reason = "the condition ends too early" if text.strip() else "the condition is empty"
        return error_at(text, len(text.rstrip()), reason)
    if token.lower() in _KEYWORDS and token not in _KEYWORDS:
        reason = f"write {token.lower()!r} in lower case"
    else:
        reason = f"{excerpt(token)!r} cannot stand here"
    return error_at(text, token.start_pos or 0, reason)


def excerpt(text: str) -> str:
    """Returns a part of a condition for a message, on one line of at most 60 characters."""
    is_line = text.isprintable() and "  " not in text  # the usual case
    line = str(text) if is_line else _SPACE.sub(" ", text)
    return line if len(line) <= 60 else f"{line[:59]}…"


def tidy(text: str) -> str:
    """Returns the text of a condition on one line. Quoted words stay as they are."""
    return _SPACE_UNQUOTED.sub(lambda found: found[1] or " ", text).strip()
