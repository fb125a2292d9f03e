"""Classifiers of pictures and clips: ViT, ViViT, TokenLearner, and networks to compare with."""
