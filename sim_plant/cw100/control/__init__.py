"""Control loops, interlocks and alarms of the cooling-water skid."""
