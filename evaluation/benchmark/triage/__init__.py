"""Triage of cases whose right answer is known, by models and by what needs none."""
