"""Methods of valves."""
