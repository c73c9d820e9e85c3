"""The reference's table of the methods of diagnosis; run as a module, it writes the table."""

from handwheel.agents.diagnosis.diagnoser import Diagnoser, shipped

from .doc_tables import DOCS, Row, text_of

PAGE = DOCS / "reference/failure-modes.md"
_RULE = "|---|---|---|---|---|\n"
_RETURNS = "Returns "


def method_rows() -> list[Row]:
    return [_row(each) for _, each in sorted(shipped().items())]


def _row(method: Diagnoser) -> Row:
    first = (method.measure.__doc__ or "").partition("\n")[0]
    assert first.startswith(_RETURNS), f"{method.name} has no docstring that begins with Returns"
    residual = first.removeprefix(_RETURNS).rstrip(".")
    unit = f", {method.unit}" if method.unit else ""
    inputs = ", ".join(_input(method, name) for name in method.needs)
    return f"`{method.name}`", inputs, residual + unit, f"{method.window_s:g} s", method.source


def _input(method: Diagnoser, name: str) -> str:
    unit = f" {method.needs[name]}" if method.needs[name] else ""
    return f"*{name}*{unit}" if name in method.optional else f"{name}{unit}"


def written_page() -> str:
    """The page with the rows of the code."""
    head, _, body = text_of(PAGE).partition("\n## Methods\n")
    before, rule, rest = body.partition(_RULE)
    left = [line for line in rest.splitlines(keepends=True) if not line.startswith("|")]
    rows = "".join(f"| {' | '.join(row)} |\n" for row in method_rows())
    return f"{head}\n## Methods\n{before}{rule}{rows}{''.join(left)}"


if __name__ == "__main__":
    PAGE.write_text(written_page(), encoding="utf-8")
