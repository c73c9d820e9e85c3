"""Playbook language, from YAML text to a checked document."""
