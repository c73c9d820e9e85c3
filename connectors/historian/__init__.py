"""Historian, which records readings of the plant with their quality."""
