"""Writes and requests of a run before it begins, judged on one reading of the plant."""
