"""Facts for people from the records of the agents."""
