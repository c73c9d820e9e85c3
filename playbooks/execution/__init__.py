"""Execution of runs, the driver and its access to ledger, plant and maintenance."""
