"""Costs from a request to the write on the plant."""
