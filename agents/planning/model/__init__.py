"""Planner that asks language models, which choose among candidates."""
