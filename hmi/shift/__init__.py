"""The operator's console and the shift hand-over."""
