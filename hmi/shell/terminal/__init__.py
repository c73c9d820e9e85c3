"""Prompts, layout and output in a terminal."""
