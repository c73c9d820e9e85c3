"""Deviations, what fired, since when, and which of them have one cause."""
