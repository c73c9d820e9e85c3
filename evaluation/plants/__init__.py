"""Installed simulated plants and their faults, as files and command lines name them."""
