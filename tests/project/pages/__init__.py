"""What pages of the documentation say, read as tables and commands."""
