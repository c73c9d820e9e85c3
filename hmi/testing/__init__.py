"""Plugin for pytest, with a plant, its gate, agents and people as fixtures."""
