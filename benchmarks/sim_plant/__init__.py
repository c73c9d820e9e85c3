"""Costs of the simulated plants and of their servers."""
