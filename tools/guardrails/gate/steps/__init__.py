"""Steps of one write, from authorization to outcome."""
