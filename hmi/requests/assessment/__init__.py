"""Assessment of a request, which the approver's terminal computes itself from recorded values."""
