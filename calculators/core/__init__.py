"""Calculators that move, merge, sample and gate packets of any type."""
