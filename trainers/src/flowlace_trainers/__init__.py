"""Trains the models that flowlace runs; the only place for torch."""
