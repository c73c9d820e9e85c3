"""Execution of a run: requests, steps, supervision, rollback and hold."""
