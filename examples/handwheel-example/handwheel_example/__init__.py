"""Extends Handwheel for a filter skid, by one of each of its extension points."""
