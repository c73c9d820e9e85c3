"""Places of the values in a YAML text, for errors inside a value."""

from dataclasses import dataclass

from handwheel.connectors.config.yaml_documents import Scalar


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """Beginning of a value."""

    line: int  # from 1
    column: int  # from 1, of the quote if there is one
    # Column of the text's first character; 0 for a text over several lines or with escapes, whose
    # columns differ from the file's.
    inner: int


def value_place(scalar: Scalar) -> ValuePlace:
    """Returns the place of a value in YAML."""
    line, column, style, text, written = scalar
    quote = 1 if style in {"'", '"'} else 0
    is_plain = written[quote : len(written) - quote] == text
    return ValuePlace(line, column, column + quote if is_plain else 0)
