"""Carrying out a run, step by step."""
