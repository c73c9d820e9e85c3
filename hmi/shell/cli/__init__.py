"""Command table, options, exit codes and interrupts."""
