"""Commands that serve, run and describe a simulated plant."""
