"""Shared parts of the command line and the terminal."""
