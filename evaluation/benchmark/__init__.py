"""Benchmark of the agents, judged by the faults that were injected."""
