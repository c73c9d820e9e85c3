"""Measurements and tags of the Tennessee Eastman process."""
