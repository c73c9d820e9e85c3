"""Key files, the roster of operators, enrolment and key rotation."""
