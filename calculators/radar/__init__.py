"""Calculators for radar: grids of rain along time, and what is to come."""
