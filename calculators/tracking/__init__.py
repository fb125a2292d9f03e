"""Calculators that follow boxes through a video."""
