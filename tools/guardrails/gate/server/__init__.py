"""Server of the gate's socket, by which every other process reads the ledger and changes it."""
