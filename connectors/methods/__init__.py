"""Methods that compute tags, with no import of anything that reads a plant."""
