"""Audit of the journal against its own rules."""
