"""Reliability diagram as a PNG image."""

from math import log10

from handwheel.evaluation.calibration.reliability import Bin, Reliability

from ..shell.charts.png_pen import SMALL_TEXT, TITLE_TEXT, Colour, Pen

_SIDE, _LEFT, _TOP, _RIGHT, _FOOT = 900, 150, 150, 90, 110  # pixels, as are all below
_RADIUS, _GROWS, _CAP = 5, 3, 9
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def png_of(found: Reliability) -> bytes:
    """Returns the diagram as a PNG file, predicted probability across and the true share up."""
    pen = Pen(_LEFT + _SIDE + _RIGHT, _TOP + _SIDE + _FOOT)
    subtitle = f"{found.n} predictions in {found.cases} cases; the more, the larger the dot"
    pen.text((_LEFT, 40), "Reliability of the diagnosis", TITLE_TEXT, Colour.TEXT, "lm")
    pen.text((_LEFT, 88), subtitle, SMALL_TEXT, Colour.SECONDARY, "lm")
    for tick in _TICKS:
        pen.line([_place(tick, 0.0), _place(tick, 1.0)], Colour.GRID)
        pen.line([_place(0.0, tick), _place(1.0, tick)], Colour.GRID)
        (x, bottom), (left, y) = _place(tick, 0.0), _place(0.0, tick)
        pen.text((x, bottom + 26), f"{tick:.0%}", SMALL_TEXT, Colour.SECONDARY, "mm")
        pen.text((left - 16, y), f"{tick:.0%}", SMALL_TEXT, Colour.SECONDARY, "rm")
    pen.line([_place(0.0, 0.0), _place(1.0, 1.0)], Colour.PALE, 2.0)
    middle, bottom = _place(0.5, 0.0)
    pen.text((middle, bottom + 72), "said by the diagnosis", SMALL_TEXT, Colour.SECONDARY, "mm")
    pen.text((_LEFT - 16, _TOP - 32), "true", SMALL_TEXT, Colour.SECONDARY, "rm")
    for each in found.bins:
        _draw(pen, each)
    return pen.png()


def _draw(pen: Pen, each: Bin) -> None:
    low, high = (_place(each.predicted, share) for share in each.interval)
    pen.line([low, high], Colour.SERIES, 2.5)
    for x, y in (low, high):
        pen.line([(x - _CAP, y), (x + _CAP, y)], Colour.SERIES, 2.5)
    x, y = _place(each.predicted, each.true)
    pen.dot((x, y), _RADIUS + _GROWS * log10(each.n), Colour.SERIES)


def _place(said: float, true: float) -> tuple[float, float]:
    return _LEFT + said * _SIDE, _TOP + (1.0 - true) * _SIDE
