"""Calculators on images and what is drawn on them."""
