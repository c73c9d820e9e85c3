"""Courses of the plant with and without a plan, foretold by a twin."""
