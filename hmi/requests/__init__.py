"""Commands that show, decide and follow requests."""
