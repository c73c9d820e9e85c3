"""Requests for writes with their exact bytes, made before an approver sees them."""
