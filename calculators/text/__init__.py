"""Calculators around words: speech to text, tags."""
