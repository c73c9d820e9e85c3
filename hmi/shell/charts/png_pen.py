"""Pen that draws smooth lines, dots and text, as a PNG image."""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

TITLE_TEXT, NAME_TEXT, SMALL_TEXT = 40, 28, 26  # pixels of the finished image
_FINE = 3  # drawn so much larger and then reduced: Pillow's own lines have hard edges

Place = tuple[float, float]


class Colour(StrEnum):
    """Colours of a chart, of which red is for limits and alarms."""

    BACKGROUND = "#ffffff"
    TEXT = "#1f2933"
    SECONDARY = "#64707d"
    GRID = "#e6e9ed"
    SERIES = "#1b5e8c"
    PALE = "#9aa3ac"
    LIMIT = "#c0392b"


class Pen:
    """Pen on a blank image. Places and sizes are pixels of the finished image."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (width * _FINE, height * _FINE), Colour.BACKGROUND)
        self._canvas = ImageDraw.Draw(self._image)

    def png(self) -> bytes:
        """Returns the image as a PNG file."""
        content = BytesIO()
        self._image.reduce(_FINE).save(content, "PNG", optimize=True)
        return content.getvalue()

    def dot(self, at: Place, radius: float, colour: str) -> None:
        """Draws a filled circle."""
        (x, y), r = at, radius
        ends = ((x - r) * _FINE, (y - r) * _FINE), ((x + r) * _FINE, (y + r) * _FINE)
        self._canvas.ellipse([*ends], colour)

    def line(self, places: Sequence[Place], colour: str, width: float = 1.5) -> None:
        """Draws a line from place to place."""
        fine = [(x * _FINE, y * _FINE) for x, y in places]
        self._canvas.line(fine, colour, round(width * _FINE), joint="curve")

    def blank(self, begin: Place, end: Place) -> None:
        """Removes what was drawn in a rectangle, so that no line runs through a text there."""
        box = [each * _FINE for each in (*begin, *end)]
        self._canvas.rectangle(box, Colour.BACKGROUND)

    def text(self, at: Place, text: str, size: int, colour: str, anchor: str) -> None:
        """Writes a text at a place, which its anchor of two letters (Pillow) names."""
        place = at[0] * _FINE, at[1] * _FINE
        self._canvas.text(place, text, colour, _font(size), anchor=anchor)


def text_length(text: str, size: int) -> float:
    """Returns how wide a text is, pixels of the finished image."""
    return _font(size).getlength(text) / _FINE


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * _FINE)
