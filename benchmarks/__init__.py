"""Measures speed as ratios between things of one run: `python -m benchmarks`."""
