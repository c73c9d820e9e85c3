"""Text of single journal rows."""
