"""Costs of the way from a request to the plant."""
