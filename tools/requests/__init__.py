"""Requests: what is to move, fixed to the byte before anybody is asked."""
