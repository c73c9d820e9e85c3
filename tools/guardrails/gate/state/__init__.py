"""State that the gate holds in memory and on disk."""
