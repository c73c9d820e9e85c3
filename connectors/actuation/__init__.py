"""Write sessions. Only the gate imports this package, and it needs a permit to send."""
