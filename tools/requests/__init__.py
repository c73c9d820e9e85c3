"""Requests for writes, fixed to the byte before an approver sees them."""
