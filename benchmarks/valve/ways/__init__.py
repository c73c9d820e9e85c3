"""Ways in which a person approves, each in a file of its own."""
