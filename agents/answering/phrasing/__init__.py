"""Answers with the help of a language model, which adds no fact of its own."""
