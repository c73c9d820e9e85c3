"""Notices and their delivery."""
