"""Cards that a person sees before a decision."""
