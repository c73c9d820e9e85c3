"""The pure state machine of a run, and what it reads and records."""
