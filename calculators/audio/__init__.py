"""Calculators for sound and what is computed from it, as matrices along time."""
