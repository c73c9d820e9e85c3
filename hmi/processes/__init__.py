"""Long-running processes of a site."""
