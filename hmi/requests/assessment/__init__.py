"""Assessment of a request, which the terminal computes itself from recorded values."""
