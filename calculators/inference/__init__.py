"""Calculators around models: pictures to tensors, models, tensors to what they mean."""
