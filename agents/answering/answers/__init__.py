"""Answers by the kind of the question."""
