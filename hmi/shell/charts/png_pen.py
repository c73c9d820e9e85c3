"""Pen that draws smooth lines, dots and text, as a PNG image."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

BACKGROUND, TEXT, SECONDARY, GRID = "#ffffff", "#1f2933", "#64707d", "#e6e9ed"
SERIES, PALE, LIMIT = "#1b5e8c", "#9aa3ac", "#c0392b"
TITLE_TEXT, NAME_TEXT, SMALL_TEXT = 40, 28, 26
_FINE = 3  # drawn so much larger and then reduced: Pillow's own lines have hard edges

Place = tuple[float, float]


class Pen:
    """Pen on a blank image. Places and sizes are pixels of the finished image."""

    def __init__(self, width: int, height: int) -> None:
        self._fonts = {
            size: ImageFont.load_default(size * _FINE)
            for size in (TITLE_TEXT, NAME_TEXT, SMALL_TEXT)
        }
        self._image = Image.new("RGB", (width * _FINE, height * _FINE), BACKGROUND)
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

    def line(self, begin: Place, end: Place, colour: str, width: float = 1.5) -> None:
        """Draws a straight line."""
        fine = [(x * _FINE, y * _FINE) for x, y in (begin, end)]
        self._canvas.line(fine, colour, round(width * _FINE))

    def text(self, at: Place, text: str, size: int, colour: str, anchor: str) -> None:
        """Writes a text at a place, which its anchor of two letters (Pillow) names."""
        place = at[0] * _FINE, at[1] * _FINE
        self._canvas.text(place, text, colour, self._fonts[size], anchor=anchor)

    def length(self, text: str, size: int) -> float:
        """Returns how wide a text is."""
        return self._fonts[size].getlength(text) / _FINE
