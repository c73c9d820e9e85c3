"""The historian: what was read of the plant, kept on disk with its quality."""
