"""Faults of the cooling-water skid and their effects."""
