"""Playbooks, with their language, runner and library."""
