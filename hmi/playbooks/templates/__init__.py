"""Templates of playbooks, with what a fault moves in the plant's model."""
