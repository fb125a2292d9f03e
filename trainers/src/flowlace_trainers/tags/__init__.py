"""Trainers of what tags are made with: part-of-speech tagger and prior table. No torch."""
