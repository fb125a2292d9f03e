"""Calculators around a model: what goes into it, and what its outputs mean."""
