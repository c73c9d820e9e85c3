"""Commands for simulated plants and the demo."""
