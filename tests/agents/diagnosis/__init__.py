"""Diagnosis, from failure modes to a ranking."""
