"""Guardrails between a proposal and the plant."""
