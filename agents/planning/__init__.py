"""Planning of what answers a case, from candidates that nothing prevents."""
