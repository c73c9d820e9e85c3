"""Plant, gate, agents and console of a simulated site in one terminal."""
