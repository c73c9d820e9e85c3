"""Stepped room of one clock, a simulated plant, the real gate and people, without a socket."""
