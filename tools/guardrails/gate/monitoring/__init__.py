"""Tasks that run beside the gate's writes."""
