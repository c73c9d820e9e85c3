"""Costs of the gate as the one process that writes the ledger."""
