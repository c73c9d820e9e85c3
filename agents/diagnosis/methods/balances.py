"""Methods of balances."""
