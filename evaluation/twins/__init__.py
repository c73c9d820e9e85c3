"""Twins of the simulated plants, which find their state from measurements alone."""
