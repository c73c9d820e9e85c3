"""Other agents on the same episodes, beside which the worth of a diagnosis is measured."""
