"""Requests of a run, with their writes, values and deadline."""
