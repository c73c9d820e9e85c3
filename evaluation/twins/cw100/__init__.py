"""Twin of the cooling-water skid."""
