"""Requests of a run: which writes are asked for together, with which values, and by when."""
