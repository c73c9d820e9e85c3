"""Messages of the agents to the gate."""
