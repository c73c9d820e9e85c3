"""Programs of others that play the episodes of a suite by seven verbs."""
