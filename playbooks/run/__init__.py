"""State machine of a run, and its view of the plant and the ledger."""
