"""Planner that asks models, on models that fail in each way and on recorded answers."""
