"""Engine of runs, a pure function from events and readings to effects."""
