"""Episodes in which the agents ask and act, and a person answers."""
