"""Suite `hold`, in which the proposer lies and every frame must have its signatures."""
