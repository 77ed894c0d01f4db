"""Losses and samplers of the diffusion; no network code."""
