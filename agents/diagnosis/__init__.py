"""Diagnosis of a deviation, as pure functions over windows of the plant's values."""
