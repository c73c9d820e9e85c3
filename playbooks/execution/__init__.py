"""Execution of a run."""
