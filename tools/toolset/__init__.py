"""Tools that agents and people call, with one definition for every way in."""
