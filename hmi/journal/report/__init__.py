"""Sections of the journal's report."""
