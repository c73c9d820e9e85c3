"""Lint rules for playbooks."""
