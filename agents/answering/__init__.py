"""Answers to questions of people, from facts that code has read."""
