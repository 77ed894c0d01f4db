"""Training of DiffusionTalker: corpus, motion, models."""
