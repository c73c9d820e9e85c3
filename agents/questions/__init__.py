"""Catalogue of the questions that people and models ask about a site."""
