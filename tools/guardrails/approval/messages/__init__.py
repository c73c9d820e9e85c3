"""Messages of people and of agents to the gate."""
