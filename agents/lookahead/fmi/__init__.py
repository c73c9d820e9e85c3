"""Units of the Functional Mock-up Interface, versions 2 and 3, as twins."""
