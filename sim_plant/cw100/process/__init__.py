"""Process equations of the cooling-water skid."""
