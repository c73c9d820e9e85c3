"""Commands that list, read, watch and browse tags."""
