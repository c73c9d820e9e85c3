"""People: the command line and the operator's terminal. The composition root of all rooms."""
