"""Trend charts in Braille and PNG."""
