"""Configurations: one file a model that was trained."""
