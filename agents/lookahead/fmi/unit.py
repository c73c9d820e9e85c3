"""Unit of the Functional Mock-up Interface, run by `fmpy`.

`fmpy` is large and needed by few, so that it is an extra and is imported where a unit is read. A
unit is machine code of its author and runs with the rights of the process that runs it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from ..twin import TwinError

EXTRA = "fmi"
WANTED = f"it needs fmpy, which is not installed: install handwheel[{EXTRA}]"
TIMEOUT_S = 60.0
_LONGEST = 300  # characters of a reason
_VERSIONS = ("2.", "3.")
_REAL = ("Real", "Float64", "Float32")

Kind = Literal["real", "bool", "int", "other"]


@dataclass(frozen=True, slots=True)
class Variable:
    """Variable of a unit, a scalar."""

    kind: Kind
    is_input: bool
    is_settable: bool  # before the start


def read_unit(path: Path) -> Mapping[str, Variable]:
    """Returns the variables of a unit. Raises `TwinError` with the reason if it cannot run here."""
    fmpy = _fmpy()
    try:
        described: Any = fmpy.read_model_description(str(path))
        is_here = fmpy.platform in fmpy.supported_platforms(str(path))
    except (Exception, SystemExit) as error:  # code of others, on a file of others
        raise TwinError(f"it is no unit: {_reason(error)}") from error
    if not str(described.fmiVersion).startswith(_VERSIONS):
        raise TwinError(f"it is of FMI {described.fmiVersion}; versions 2 and 3 can be read")
    if not is_here:
        raise TwinError(f"it has no code for this machine, {fmpy.platform}")
    return _variables(described)


def _variables(described: Any) -> dict[str, Variable]:
    return {each.name: _variable(each) for each in described.modelVariables}


def _variable(each: Any) -> Variable:
    kind: Kind = "other"
    if each.dimensions:
        pass  # a vector
    elif each.type in _REAL:
        kind = "real"
    elif each.type == "Boolean":
        kind = "bool"
    elif each.type == "Enumeration" or each.type.removeprefix("U").startswith("Int"):
        kind = "int"
    is_free = each.variability != "constant" and each.initial in {"approx", "exact"}
    return Variable(kind, each.causality == "input", each.causality == "input" or is_free)


def run_unit(
    path: Path,
    start: Mapping[str, float],
    inputs: Sequence[tuple[float, Mapping[str, float]]],
    outputs: Sequence[str],
    horizon_s: float,
    step_s: float,
) -> tuple[list[float], dict[str, list[float]]]:
    """Runs a unit and returns the times and the course of each output.

    Args:
        inputs: Values of all inputs from a time on, in order, the first at 0.
        outputs: Variables.

    Raises:
        TwinError: The unit fails, or ends early.
    """
    fmpy = _fmpy()
    try:
        described: Any = fmpy.read_model_description(str(path), validate=False)
        result: Any = fmpy.simulate_fmu(
            str(path), validate=False, start_time=0.0, stop_time=horizon_s, output_interval=step_s,
            record_events=False, start_values=dict(start), output=[*outputs], timeout=TIMEOUT_S,
            input=_signals(_variables(described), start, inputs, horizon_s),
            model_description=described, remote_platform=None,
        )  # fmt: skip
    except (Exception, SystemExit) as error:  # code of others
        raise TwinError(f"the unit fails: {_reason(error)}") from error
    times_s = [float(each) for each in result["time"]]
    if times_s[-1] < horizon_s - step_s:
        raise TwinError(f"the unit ends after {times_s[-1]:g} s of {horizon_s:g} s")
    return times_s, {name: [float(each) for each in result[name]] for name in outputs}


def _signals(
    known: Mapping[str, Variable],
    start: Mapping[str, float],
    inputs: Sequence[tuple[float, Mapping[str, float]]],
    horizon_s: float,
) -> Any:
    """Returns all inputs as steps, each between two rows of the same time."""
    fixed = {name: each for name, each in start.items() if known[name].is_input}
    names = [*fixed, *inputs[0][1]]
    if not names:
        return None
    numpy = import_module("numpy")
    types = {"real": numpy.float64, "bool": numpy.bool_}
    columns = [(name, types.get(known[name].kind, numpy.int64)) for name in names]
    rows: list[tuple[float, ...]] = []
    for at_s, values in inputs:
        row = tuple({**fixed, **values}[name] for name in names)
        if rows:
            rows.append((at_s, *rows[-1][1:]))
        rows.append((at_s, *row))
    rows.append((horizon_s, *rows[-1][1:]))
    return numpy.array(rows, dtype=[("time", numpy.float64), *columns])


def _fmpy() -> Any:
    """Returns the library. Raises `TwinError` without it."""
    try:
        return import_module("fmpy")
    except ImportError as error:
        raise TwinError(WANTED) from error


def _reason(error: BaseException) -> str:
    """Returns the text of an error in one line."""
    text = " ".join(str(error).split())
    return text[:_LONGEST] or type(error).__name__
