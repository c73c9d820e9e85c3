"""Comparison of what a diagnosis says with what was true."""
