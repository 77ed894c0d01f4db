"""Frozen pretrained speech encoders, whose features condition the teacher, and the cache of those features."""
